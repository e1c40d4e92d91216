"""The fields of GraphQL schemas, as endpoints."""

from __future__ import annotations

from textwrap import dedent

from buttress.analysis.graphql.operations import operations
from buttress.project import inspect_project
from buttress.source import Modules, Tree


def found(code: str) -> list[tuple[str, list[str]]]:
    tree = Tree.of({"app.py": dedent(code)})
    project = inspect_project(tree)
    modules = Modules.of(tree.modules())
    return [
        (operation.path, sorted(operation.methods))
        for operation in operations(project, project.services[0], modules)
    ]


def test_what_a_mutation_is_called_says_what_it_does() -> None:
    assert found("""
        import graphene
        from flask import Flask, request

        app = Flask(__name__)


        class DeleteNoteMutation(graphene.Mutation):
            def mutate(self, info, id): ...


        class AddNote(graphene.Mutation):
            def mutate(self, info, text): ...


        class Query(graphene.ObjectType):
            def resolve_all_notes(self, info): ...


        schema = graphene.Schema(query=Query)


        @app.post("/graphql")
        def serve():
            return schema.execute(request.json["query"]).data
        """) == [("/delete_note", ["DELETE"]), ("/add_note", ["POST"]), ("/all_notes", ["GET"])]


def test_a_field_may_name_a_function_that_stands_elsewhere() -> None:
    assert found("""
        import strawberry
        from fastapi import FastAPI
        from strawberry.fastapi import GraphQLRouter

        app = FastAPI()


        def save(text: str) -> str: ...


        @strawberry.type
        class Mutation:
            keep: str = strawberry.mutation(resolver=save)


        app.include_router(GraphQLRouter(strawberry.Schema(mutation=Mutation)))
        """) == [("/save", ["POST"])]


def test_a_schema_that_is_not_served_has_no_operations() -> None:
    assert found("""
            import graphene
            from flask import Flask

            app = Flask(__name__)


            class AddNote(graphene.Mutation):
                def mutate(self, info, text): ...
            """) == []
