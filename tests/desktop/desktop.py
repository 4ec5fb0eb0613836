"""The desktop around the window, as far as a test needs one: notifications and a tray on the session bus. JSON lines in, one answer each."""
import asyncio
import json
import sys

from dbus_next import Message, Variant
from dbus_next.aio import MessageBus
from dbus_next.service import PropertyAccess, ServiceInterface, dbus_property, method, signal

MENU = "com.canonical.dbusmenu"
ITEM = "org.kde.StatusNotifierItem"


class Notifications(ServiceInterface):
    def __init__(self):
        super().__init__("org.freedesktop.Notifications")
        self.shown, self.closed = [], []

    @method()
    def Notify(self, app: "s", replaces: "u", icon: "s", summary: "s", body: "s", actions: "as", hints: "a{sv}", timeout: "i") -> "u":
        self.shown.append({"id": len(self.shown) + 1, "app": app, "title": summary, "body": body, "actions": actions})
        return len(self.shown)

    @method()
    def CloseNotification(self, id: "u"):
        self.closed.append(id)

    @signal()
    def ActionInvoked(self, id, key) -> "us":
        return [id, key]


class Watcher(ServiceInterface):
    """Where tray icons announce themselves."""

    def __init__(self):
        super().__init__("org.kde.StatusNotifierWatcher")
        self.item = None

    @method()
    def RegisterStatusNotifierItem(self, service: "s"):
        # A path of the sender's; the bus' own word on who sent it comes with `remember`.
        self.path = service

    @dbus_property(access=PropertyAccess.READ)
    def IsStatusNotifierHostRegistered(self) -> "b":
        return True

    @dbus_property(access=PropertyAccess.READ)
    def ProtocolVersion(self) -> "i":
        return 0

    @dbus_property(access=PropertyAccess.READ)
    def RegisteredStatusNotifierItems(self) -> "as":
        return []

    def remember(self, message):
        if message.member == "RegisterStatusNotifierItem":
            self.item = (message.sender, message.body[0])


async def main():
    bus = await MessageBus().connect()
    notifications, watcher = Notifications(), Watcher()
    bus.add_message_handler(watcher.remember)
    bus.export("/org/freedesktop/Notifications", notifications)
    bus.export("/StatusNotifierWatcher", watcher)
    for name in ["org.freedesktop.Notifications", "org.kde.StatusNotifierWatcher"]:
        await bus.request_name(name)

    async def call(path, interface, member, signature, *body):
        asked = Message(destination=watcher.item[0], path=path, interface=interface, member=member, signature=signature, body=list(body))
        answer = await bus.call(asked)
        if answer.error_name:
            raise RuntimeError(f"{member}: {answer.error_name}: {answer.body}")
        return answer.body

    async def of_item(name):
        return (await call(watcher.item[1], "org.freedesktop.DBus.Properties", "Get", "ss", ITEM, name))[0].value

    async def menu():
        path = await of_item("Menu")
        layout = (await call(path, MENU, "GetLayout", "iias", 0, -1, []))[1]
        entries = [entry.value for entry in layout[2]]
        return path, [(number, {name: value.value for name, value in about.items()}) for number, about, _ in entries]

    async def answer(asked):
        if asked["ask"] == "notices":
            return {"notices": notifications.shown, "closed": notifications.closed}
        if asked["ask"] == "click":
            notifications.ActionInvoked(asked["id"], "default")
            return {"done": True}
        if watcher.item is None:
            return {"tray": None}
        path, entries = await menu()
        if asked["ask"] == "click-tray":
            number = next(number for number, about in entries if about.get("label") == asked["entry"])
            await call(path, MENU, "Event", "isvu", number, "clicked", Variant("s", ""), 0)
            return {"done": True}
        entry = entries[0][1]
        return {"tray": {"label": await of_item("XAyatanaLabel"), "entry": entry.get("label", ""), "enabled": entry.get("enabled", True)}}

    print(json.dumps({"ready": True}), flush=True)
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while line := await reader.readline():
        try:
            said = await answer(json.loads(line))
        except Exception as error:
            said = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(said), flush=True)


asyncio.run(main())
