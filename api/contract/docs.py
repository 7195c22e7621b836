"""The contract's pages: flasgger serves the finished document and, at /docs/, a current Swagger UI.

flasgger's own bundle (Swagger UI of 2020) refuses OpenAPI 3.1 and loads a font from another host, so its static folder is
pointed at the assets of the package flask-swagger-ui, and its page at ours.
"""

from pathlib import Path
from typing import Any

import flask_swagger_ui
from flasgger import Swagger
from flask import Flask, Response, abort, jsonify, request

from api.contract.examples import in_release
from api.contract.openapi import to_yaml
from api.resource import Table
from schemas import VERSION_PATH

SWAGGER_UI = Path(flask_swagger_ui.__file__).with_name("dist")
#: Swagger UI sets style attributes; scripts, styles, pictures and answers come from this host alone.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


def add_docs(app: Flask, contract: dict[str, Any], table: Table, public_url: str | None) -> None:
    """Serve the contract, with examples from the release, at /openapi.json and /openapi.yaml, and at both paths below the version. Its
    page is at /docs/, and /.well-known/api-catalog lists these addresses. The delivery caches them until the release changes.
    """
    app.json.sort_keys = False  # type: ignore[attr-defined]  # the provider of Flask has it
    swagger = Swagger(
        app,
        config={
            "openapi": contract["openapi"],
            "headers": [],
            "auth": {},
            "specs": [
                {
                    "endpoint": "contract",
                    "route": "/openapi.json",
                    "rule_filter": lambda _rule: False,
                    "model_filter": lambda _tag: False,
                }
            ],
            "specs_route": "/docs/",
            "static_url_path": "/docs/assets",
            "title": "Positions",
        },
        template=contract,
        merge=True,
    )
    app.blueprints["flasgger"].static_folder = str(SWAGGER_UI)
    # flasgger adds a second address of its page, which nothing links to, and a page for signing in, which nobody does here.
    app.view_functions["flasgger.oauth_redirect"] = lambda: abort(404)
    assert swagger.template is contract

    def allow_own_scripts(response: Response) -> Response:
        if response.mimetype == "text/html":
            response.headers["Content-Security-Policy"] = POLICY
        return response

    # In place of flasgger's own, which would visit every answer of the application to add headers that nobody configured.
    app.after_request_funcs.clear()
    app.after_request_funcs["flasgger"].append(allow_own_scripts)

    def served() -> dict[str, Any]:
        with request.environ["positions.store"].reading() as connection:
            return in_release(contract, table, connection)

    def contract_json() -> Response:
        return jsonify(served())

    def contract_yaml() -> Response:
        return Response(to_yaml(served()), mimetype="application/yaml")

    app.view_functions["flasgger.contract"] = contract_json
    app.add_url_rule("/openapi.yaml", view_func=contract_yaml)
    # Some programs look for the contract below the server address.
    app.add_url_rule(f"{VERSION_PATH}/openapi.json", view_func=contract_json)
    app.add_url_rule(f"{VERSION_PATH}/openapi.yaml", view_func=contract_yaml)

    @app.get("/.well-known/api-catalog")
    def api_catalog() -> Response:
        """The API catalog of this host (RFC 9727), as a link set (RFC 9264)."""
        base = public_url or request.host_url.rstrip("/")
        links = {
            "service-desc": [
                {"href": f"{base}/openapi.json", "type": "application/json"},
                {"href": f"{base}/openapi.yaml", "type": "application/yaml"},
            ],
            "service-doc": [{"href": f"{base}/docs/", "type": "text/html"}],
            "status": [{"href": f"{base}/readyz", "type": "application/json"}],
        }
        response = jsonify({"linkset": [{"anchor": f"{base}{VERSION_PATH}/", **links}]})
        response.content_type = 'application/linkset+json; profile="https://www.rfc-editor.org/info/rfc9727"'
        return response

    @app.get("/docs/start.js")
    def docs_start() -> Response:
        return Response(_START, mimetype="text/javascript")


_START = """\
window.addEventListener("load", () => SwaggerUIBundle({
  url: "/openapi.json",
  dom_id: "#swagger-ui",
  deepLinking: true,
  displayRequestDuration: true,
  docExpansion: "list",
  filter: true,
  tryItOutEnabled: true,
  validatorUrl: null,
  presets: [SwaggerUIBundle.presets.apis],
}));
"""
