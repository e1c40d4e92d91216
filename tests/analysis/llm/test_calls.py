"""Calls of models are found wherever their client is made."""

from __future__ import annotations

import pytest

from buttress.analysis.llm.calls import LanguageUse, language_use
from buttress.project import inspect_project
from buttress.source import Modules, Tree

APP = "from fastapi import FastAPI\n\napp = FastAPI()\n"


def use(text: str, **others: str) -> LanguageUse:
    files = {"main.py": APP + text, **{f"{name}.py": other for name, other in others.items()}}
    project = inspect_project(Tree.of(files))
    return language_use(project, project.services[0], Modules(project.tree.modules()))


def calls(text: str, **others: str) -> list[str]:
    return [f"{call.provider} {call.how}" for call in use(text, **others).calls]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("import openai\nopenai.chat.completions.create(model='m')\n", "openai chat.completions.create"),
        ("import openai\nopenai.ChatCompletion.create(model='m')\n", "openai ChatCompletion.create"),
        ("from groq import Groq\nGroq().chat.completions.create(model='m')\n", "groq chat.completions.create"),
        ("import anthropic\nanthropic.Anthropic().messages.create(model='m')\n", "anthropic messages.create"),
        ("from google import genai\ngenai.Client().models.generate_content(contents='')\n", "google models.generate_content"),
        ("import google.generativeai as genai\ngenai.GenerativeModel('m').start_chat().send_message('')\n", "google send_message"),
        ("from litellm import completion\ncompletion(model='m')\n", "litellm completion"),
        ("import ollama\nollama.chat(model='m')\n", "ollama chat"),
        ("from mistralai import Mistral\nMistral().chat.complete(model='m')\n", "mistral chat.complete"),
        ("import cohere\ncohere.ClientV2().chat(model='m')\n", "cohere chat"),
        ("from huggingface_hub import InferenceClient\nInferenceClient().text_generation('')\n", "huggingface text_generation"),
        ("from langchain_openai import AzureChatOpenAI\nAzureChatOpenAI().invoke('')\n", "azure invoke"),
        ("from langchain.agents import create_agent\ncreate_agent('openai:gpt-4o', tools=[]).invoke({})\n", "openai invoke"),
        ("from langchain.agents import create_agent\ncreate_agent(model=MODEL).stream({})\n", "other stream"),
        ("from langgraph.prebuilt import create_react_agent\ncreate_react_agent('anthropic:claude', []).ainvoke({})\n", "anthropic ainvoke"),
        ("from langgraph.prebuilt import create_react_agent\nfrom langchain_groq import ChatGroq\ncreate_react_agent(ChatGroq(), []).invoke({})\n", "groq invoke"),
        ("from deepagents import create_deep_agent\ncreate_deep_agent(model='google_genai:gemini').astream({})\n", "google astream"),
        ("from langchain.chat_models import init_chat_model\ninit_chat_model('ollama:llama3').invoke('')\n", "ollama invoke"),
        ("from langchain.chat_models import init_chat_model\ninit_chat_model('m', model_provider='groq').stream('')\n", "groq stream"),
        ("from llama_index.llms.openai import OpenAI\nOpenAI().complete('')\n", "openai complete"),
        ("import boto3\nboto3.client('bedrock-runtime').converse(modelId='m')\n", "bedrock converse"),
        ("import requests\nrequests.post('https://api.openai.com/v1/chat/completions', json={})\n", "openai http"),
    ],
)  # fmt: skip
def test_libraries(text: str, found: str) -> None:
    assert calls(text) == [found]


@pytest.mark.parametrize(
    "text",
    [
        "import openai\nopenai.embeddings.create(input='', model='m')\n",
        "import openai\nopenai.images.generate(prompt='')\n",
        "from twilio.rest import Client\nClient().messages.create(body='', to='')\n",
        "import requests\nrequests.post('https://api.openai.com/v1/embeddings', json={'model': 'm'})\n",
        "import requests\nrequests.post(f'{BACKEND}/api/generate', json={'text': ''})\n",
        "from langchain_openai import OpenAIEmbeddings\nOpenAIEmbeddings().embed_query('')\n",
        "from langchain.agents import create_agent\ncreate_agent('openai:gpt-4o').get_graph()\n",
        "import httpx\nhttpx.Client().stream('POST', 'https://example.com/upload')\n",
        "from agents_of_ours import create_agent\ncreate_agent('openai:gpt-4o').invoke({})\n",
        "import boto3\nboto3.client('sqs').send_message(QueueUrl='')\n",
        "class Model:\n    def invoke(self, text): ...\n\nModel().invoke('')\n",
    ],
)
def test_what_asks_no_model(text: str) -> None:
    assert calls(text) == []


def test_a_chain_of_another_module() -> None:
    llm = "from langchain_openai import ChatOpenAI\n\n\ndef model():\n    return ChatOpenAI(model='m')\n"
    chain = (
        "from langchain_core.output_parsers import StrOutputParser\nfrom llm import model\n\n\n"
        "class Chains:\n    def __init__(self):\n        self._chain = PROMPT | model() | StrOutputParser()\n\n"
        "    async def ask(self, text):\n        return await self._chain.ainvoke({'text': text})\n"
    )

    assert calls("from chain import Chains\n", llm=llm, chain=chain) == ["openai ainvoke"]


def test_a_client_that_is_injected() -> None:
    text = (
        "from fastapi import Depends\nfrom openai import OpenAI\n\n\n"
        "def client():\n    return OpenAI(timeout=5)\n\n\n"
        "@app.get('/')\ndef ask(llm: OpenAI = Depends(client)):\n"
        "    return llm.responses.create(model='m', input='')\n"
    )

    [call] = use(text).calls

    assert [client.options.keys() for client in call.clients] == [{"timeout"}]


def test_options_inside_a_configuration() -> None:
    text = (
        "from google import genai\nfrom google.genai import types\n\n"
        "LIMITS = types.GenerateContentConfig(max_output_tokens=9)\n"
        "genai.Client().models.generate_content(model='m', contents='', config=LIMITS)\n"
    )

    [call] = use(text).calls

    assert call.option("max_output_tokens") is not None


def test_an_address_from_the_settings() -> None:
    text = "import os\n\nimport httpx\n\nfrom settings import BASE\n\nhttpx.post(f'{BASE}/api/chat', json={'model': 'm'})\n"

    assert calls(text, settings="import os\n\nBASE = os.getenv('LLM', 'http://localhost:11434')\n") == [
        "ollama http"
    ]  # fmt: skip
