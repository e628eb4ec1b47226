"""Commands to copy, with this server's own address in them."""

# mypy: disable-error-code="no-any-return"
import reflex as rx

FIRST_ALERT = """/api/alerts/alertmanager \\
  -H 'Content-Type: application/json' \\
  -d '{"version":"4","status":"firing","alerts":[{"status":"firing",
       "labels":{"alertname":"HighLatency","service":"checkout","severity":"critical"},
       "annotations":{"summary":"p99 above 2 s"},
       "startsAt":"'$(date -u +%FT%TZ)'"}]}'"""

ALERTMANAGER = """receivers:
  - name: incident-commander
    webhook_configs:
      - url: ORIGIN/api/alerts/alertmanager
        send_resolved: true"""

PROMETHEUS = """alerting:
  alertmanagers:
    - static_configs:
        - targets: ["ADDRESS"]"""


def command(*parts: rx.Var[str] | str, label: str) -> rx.Component:
    """A block of text to copy. It can be scrolled by keyboard."""
    return rx.el.pre(rx.el.code(*parts), class_name="command", tab_index=0, role="region", aria_label=label)


def first_alert(origin: rx.Var[str] | str) -> rx.Component:
    """The command that sends a first alert to the server at `origin`."""
    return command("curl -X POST ", origin, FIRST_ALERT, label="Command that sends a first alert")


def alertmanager(origin: rx.Var[str] | str) -> rx.Component:
    """What to put into alertmanager.yml."""
    before, after = ALERTMANAGER.split("ORIGIN")
    return command(before, origin, after, label="Lines for alertmanager.yml")


def prometheus(address: rx.Var[str] | str) -> rx.Component:
    """What to put into prometheus.yml; `address` is a host with its port."""
    before, after = PROMETHEUS.split("ADDRESS")
    return command(before, address, after, label="Lines for prometheus.yml")
