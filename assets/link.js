// The state of the connection to the server, measured in the browser: a server that is gone cannot report itself.
import { createElement as h, useEffect, useRef, useState } from "react";

const PING_EVERY_MS = 5000;
const PATIENCE_MS = 12000;

const WORDS = { connecting: "Connecting", live: "Live", stale: "Stale", error: "Disconnected" };

export function Link({ failure, loaded, trouble, answered, onPing }) {
  const [latency, setLatency] = useState(null);
  const [silence, setSilence] = useState(0);
  const waiting = useRef(null); // the ping not yet answered: {sent}
  const heard = useRef(0); // when the server last answered
  const connected = loaded && !failure;

  useEffect(() => {
    waiting.current = null; // an answer to a ping from before the break measures the break, not the way
    heard.current = performance.now();
    setSilence(0);
    setLatency(null);
    if (!connected) return undefined;
    const ping = () => {
      const now = performance.now();
      const silent = now - heard.current;
      setSilence(silent > PATIENCE_MS ? silent : 0);
      // Reflex tries again by itself after most breaks; this asks it to after the others.
      if (silent > PATIENCE_MS) document.dispatchEvent(new Event("visibilitychange"));
      if (!waiting.current || silent > PATIENCE_MS) {
        waiting.current = { sent: now };
        onPing(now);
      }
    };
    const seen = () => {
      if (document.visibilityState !== "visible") return;
      heard.current = performance.now(); // timers sleep in a hidden page: its silence says nothing
      if (!waiting.current) ping();
    };
    ping();
    const timer = setInterval(() => document.visibilityState === "visible" && ping(), PING_EVERY_MS);
    window.addEventListener("focus", seen);
    return () => {
      clearInterval(timer);
      window.removeEventListener("focus", seen);
    };
  }, [connected]);

  useEffect(() => {
    if (!waiting.current || Math.abs(waiting.current.sent - answered) > 0.001) return;
    const now = performance.now();
    setLatency(now - waiting.current.sent);
    setSilence(0);
    heard.current = now;
    waiting.current = null;
  }, [answered]);

  const state = failure ? "error" : !loaded ? (trouble ? "error" : "connecting") : silence ? "stale" : trouble ? "error" : "live";
  const reason = failure
    ? `${failure}; trying again, what is shown may be old`
    : silence
      ? `no answer for ${Math.round(silence / 1000)} s, what is shown may be old`
      : state === "error"
        ? trouble
        : "";
  useEffect(() => {
    document.documentElement.dataset.link = state;
    return () => delete document.documentElement.dataset.link;
  }, [state]);

  const word = trouble && !failure && state === "error" ? "Error" : WORDS[state];
  return h(
    "div",
    { className: "link", id: "connection", "data-state": state },
    h("span", { className: "dot", "aria-hidden": true }),
    h(
      "span",
      { role: "status" },
      h("strong", null, word),
      reason ? h("span", { className: "link-reason" }, `: ${reason}`) : null,
    ),
    state === "live"
      ? h(
          "span",
          { className: "latency", id: "latency", title: "Round trip of the last ping through the websocket" },
          latency === null ? "measuring" : `${latency < 10 ? latency.toFixed(1) : Math.round(latency)} ms`,
        )
      : null,
  );
}
