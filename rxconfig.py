"""How Reflex serves the pages: one port for pages, API and websocket, nothing sent to anyone."""

import reflex as rx

from incident_commander.domain.settings import Settings

settings = Settings()

config = rx.Config(
    app_name="incident_commander",
    backend_host=settings.host,
    backend_port=settings.port,
    frontend_port=settings.port,
    api_url=f"http://localhost:{settings.port}",
    deploy_url=f"http://localhost:{settings.port}",
    cors_allowed_origins=[
        f"http://{name}:{settings.port}" for name in dict.fromkeys((settings.host, "127.0.0.1", "localhost"))
    ],
    telemetry_enabled=False,
    show_built_with_reflex=False,
    state_manager_mode=rx.constants.StateManagerMode.MEMORY,
    default_color_mode="system",
    disable_plugins=[rx.plugins.SitemapPlugin],
)
