"""Real servers on 127.0.0.1 that speak the protocols the product speaks: Debian's Prometheus and Alertmanager."""
