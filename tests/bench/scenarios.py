"""The scenarios: the load, the contenders, and the bars of wsluice."""

import dataclasses

GB = 1_000_000_000
MB = 1_000_000
SEALED = ("nginx-stream", "haproxy")


@dataclasses.dataclass(frozen=True)
class Entry:
    """One contender in one scenario."""

    kind: str
    end: str = "bridge"  # WebSocket at: bridge = the client; ws = both ends; raw = neither
    amount: int = 0  # instead of the scenario's, for slow ones
    workers: int = 1
    name: str = ""  # if a kind takes part more than once
    both_cores: bool = False

    @property
    def label(self):
        return self.name or self.kind


@dataclasses.dataclass(frozen=True)
class Bar:
    """wsluice's median of `metric`, over the best of `against` or absolute, is at most `limit`."""

    limit: float
    against: tuple = ()
    metric: str = "cost"
    subject: str = "wsluice"


@dataclasses.dataclass(frozen=True)
class Scenario:
    name: str
    title: str
    mode: str
    unit: str  # of the metric "cost"
    entries: tuple
    bars: tuple
    amount: int  # bytes, messages, handshakes, requests or sessions, as the mode counts
    sessions: int = 1
    frame: int = 65536
    tls: bool = False
    reverse: bool = False
    bulk: str = ""  # mixed: what the sessions move meanwhile, "down" or "up"

    @property
    def is_memory(self):
        return self.mode in ("idle", "stall")


def bridges(*more):
    return (Entry("wsluice"), Entry("floor"), *more)


def sealed():
    return (Entry("wsluice"), Entry("haproxy", "raw"), Entry("nginx-stream", "raw"))


def down(sessions):
    return Scenario(
        f"down-{sessions}", f"server to client, {sessions} session{'s' * (sessions > 1)}", "down",
        "CPU s/GB", bridges(Entry("splice-floor"), Entry("haproxy", "raw"), Entry("nginx-stream", "raw"),
                            Entry("websockify", amount=4 * GB)),
        (Bar(1.1, ("splice-floor",)), Bar(0.35, ("haproxy",)), Bar(0.35, ("websockify",))),
        8 * GB, sessions)


def up(name, title, frame, slow, *bars):
    return Scenario(f"up-{name}", f"client to server, {title} frames", "up", "CPU s/GB",
                    bridges(Entry("websockify", amount=slow)), bars, 4 * GB, frame=frame)


def sealed_up(name, frame):
    return Scenario(f"wss-up-{name}", f"wss, client to server, {frame // 1024} KiB frames", "up",
                    "CPU s/GB", sealed(), (Bar(0.9, SEALED),), 3 * GB, frame=frame, tls=True)


def mixed(bulk, sessions, *bars, tls=False):
    """One session that echoes 64 bytes, at real-time priority, beside bulk through the same process."""
    secure = "wss " * tls
    return Scenario(f"mixed-{'wss-' * tls}{bulk}-{sessions}", f"64-byte echo beside {sessions} {secure}{bulk}loads",
                    "mixed", "p50 µs",
                    (Entry("wsluice"), Entry("haproxy", "raw", 1_000), Entry("haproxy-256k", "raw", 200),
                     Entry("nginx-stream", "raw", 1_000)),
                    (Bar(250), Bar(1000, metric="p99_us"), *bars), 5_000, sessions, 64, tls, bulk=bulk)


FIFTH = (Bar(0.2, ("nginx-stream",)), Bar(0.2, ("nginx-stream",), "p99_us"))

SCENARIOS = (
    down(1),
    down(16),
    up("64", "64-byte", 64, 16 * MB, Bar(1.2, ("floor",)), Bar(1 / 300, ("websockify",))),
    up("1k", "1 KiB", 1024, 200 * MB, Bar(1.15, ("floor",))),
    up("64k", "64 KiB", 65536, 3 * GB, Bar(1.15, ("floor",))),
    Scenario("echo", "64-byte echo, 64 sessions", "echo", "CPU µs/message",
             bridges(Entry("haproxy", "raw"), Entry("nginx-stream", "raw"), Entry("nginx-http", "ws"),
                     Entry("websockify", amount=40_000)),
             (Bar(1.1, ("floor",)), Bar(1.05, ("haproxy",)), Bar(1.0, ("haproxy",), "p99_us")),
             400_000, 64, 64),
    Scenario("handshake", "connect, 101, close", "handshake", "CPU µs/handshake",
             bridges(Entry("nginx-http", "ws"), Entry("websockify", amount=300)),
             (Bar(1.0, ("nginx-http",)),), 20_000, 32),
    Scenario("wss-down", "wss, server to client, 1 session", "down", "CPU s/GB", sealed(),
             (Bar(0.65, SEALED),), 4 * GB, tls=True),
    sealed_up("16k", 16384),
    sealed_up("64k", 65536),
    Scenario("wss-handshake", "wss, full TLS 1.3 handshake, 101, close", "handshake",
             "CPU µs/handshake",
             (Entry("wsluice"), Entry("haproxy", "ws"), Entry("nginx-stream", "ws")),
             (Bar(1.05, ("haproxy",)),), 5_000, 32, tls=True),
    Scenario("page", "files of noVNC's page, 6 connections that stay", "page", "CPU µs/request",
             (Entry("wsluice-files"), Entry("nginx-files")),
             (Bar(1.2, ("nginx-files",), subject="wsluice-files"),), 200_000, 6),
    Scenario("workers", "two workers against one, 16 sessions, both cores", "down", "CPU s/GB",
             (Entry("wsluice", workers=1, name="1 worker", both_cores=True),
              Entry("wsluice", workers=2, name="2 workers", both_cores=True)),
             (Bar(1.1, ("1 worker",), subject="2 workers"),), 8 * GB, 16),
    Scenario("idle", "memory per idle session, ws", "idle", "PSS KiB/session",
             bridges(Entry("haproxy", "raw"), Entry("nginx-http", "ws"),
                     Entry("websockify", amount=50)),
             (Bar(1.0), Bar(1.5, metric="base_mib")), 9_500),
    Scenario("wss-idle", "memory per idle session, wss", "idle", "PSS KiB/session",
             (Entry("wsluice"), Entry("haproxy", "ws"), Entry("nginx-stream", "ws")), (Bar(15),),
             9_500, tls=True),
    mixed("down", 1),
    mixed("down", 8, *FIFTH),
    mixed("down", 64),
    mixed("up", 8),
    mixed("down", 8, tls=True),
    # Without websockify: it buffers all bytes in memory, or fails.
    Scenario("stall", "memory per stalled session, client asleep", "stall", "PSS KiB/session",
             bridges(Entry("haproxy", "raw")), (Bar(300),), GB, 50),
    Scenario("stall-up", "memory per stalled session, target asleep", "stall", "PSS KiB/session",
             bridges(Entry("haproxy", "raw")), (Bar(300),), GB, 50,
             reverse=True),
)
