"""How an app uses language models: clients, calls, prompts, answers, tools and what surrounds them."""
