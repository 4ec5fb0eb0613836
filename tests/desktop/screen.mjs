// Asks a program's windows to close as a window manager does when a person clicks the cross: a WM_DELETE_WINDOW message over the
// display's own protocol. The driver's way to close would kill the program instead.
import { connect } from "node:net";

const CLIENT_MESSAGE = 33;

/** Closes every window of process `pid` on a local display such as `:0`; throws where it has none. */
export async function askToClose(display, pid) {
  const socket = connect(`/tmp/.X11-unix/X${display.slice(1)}`);
  const read = reader(socket);
  socket.write(Buffer.from([0x6c, 0, 11, 0, 0, 0, 0, 0, 0, 0, 0, 0]));
  const head = await read(8);
  if (head[0] !== 1) throw new Error(`the display ${display} refuses`);
  const setup = await read(head.readUInt16LE(6) * 4);
  const root = setup.readUInt32LE(32 + ((setup.readUInt16LE(16) + 3) & ~3) + setup[21] * 8);

  const ask = async (opcode, detail, body) => {
    const request = Buffer.alloc(4 + body.length);
    request.writeUInt8(opcode, 0);
    request.writeUInt8(detail, 1);
    request.writeUInt16LE(request.length / 4, 2);
    body.copy(request, 4);
    socket.write(request);
    const answer = await read(32);
    if (answer[0] === 0) return { answer, more: Buffer.alloc(0), failed: true };
    return { answer, more: await read(answer.readUInt32LE(4) * 4) };
  };
  const atom = async (name) => {
    const body = Buffer.alloc(4 + ((name.length + 3) & ~3));
    body.writeUInt16LE(name.length, 0);
    body.write(name, 4, "latin1");
    return (await ask(16, 0, body)).answer.readUInt32LE(8);
  };
  const property = async (window, name) => (await ask(20, 0, numbers(window, name, 0, 0, 16))).more;
  const children = async (window) => {
    const { answer, more, failed } = await ask(15, 0, numbers(window));
    return failed ? [] : Array.from({ length: answer.readUInt16LE(16) }, (_, place) => more.readUInt32LE(place * 4));
  };

  const protocols = await atom("WM_PROTOCOLS");
  const goodbye = await atom("WM_DELETE_WINDOW");
  const owner = await atom("_NET_WM_PID");
  let asked = 0;
  for (const window of await children(root)) {
    const understood = await property(window, protocols);
    const process = await property(window, owner);
    if (process.length < 4 || process.readUInt32LE(0) !== pid) continue;
    const words = Array.from({ length: understood.length / 4 }, (_, place) => understood.readUInt32LE(place * 4));
    if (!words.includes(goodbye)) continue;
    const event = Buffer.concat([Buffer.from([CLIENT_MESSAGE, 32, 0, 0]), numbers(window, protocols, goodbye, 0, 0, 0, 0)]);
    socket.write(Buffer.concat([Buffer.from([25, 0, 11, 0]), numbers(window, 0), event]));
    asked += 1;
  }
  // One more answer: by then the messages have been taken.
  await atom("WM_PROTOCOLS");
  socket.end();
  if (asked === 0) throw new Error(`process ${pid} has no window on ${display}`);
}

function numbers(...values) {
  const out = Buffer.alloc(values.length * 4);
  values.forEach((value, place) => { out.writeUInt32LE(value, place * 4); });
  return out;
}

/** Reads exactly so many bytes, in order. */
function reader(socket) {
  let waiting = Buffer.alloc(0);
  let wake = () => undefined;
  let broken;
  socket.on("data", (chunk) => { waiting = Buffer.concat([waiting, chunk]); wake(); });
  socket.on("error", (error) => { broken = error; wake(); });
  return async (length) => {
    while (waiting.length < length) {
      if (broken) throw broken;
      await new Promise((more) => { wake = more; });
    }
    const taken = waiting.subarray(0, length);
    waiting = waiting.subarray(length);
    return taken;
  };
}
