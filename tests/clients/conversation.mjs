// What a request says, message by message, in one spelling for all wires; and what each scenario's requests must say upstream.
const text = (content) => (typeof content === "string" ? content : content.map((part) => part.text ?? JSON.stringify(part)).join(""));
const json = (value) => JSON.stringify(typeof value === "string" ? JSON.parse(value) : value);
const strange = (value) => [`? ${JSON.stringify(value)}`];

const readers = {
  chat: (body) => {
    const names = {};
    return body.messages.flatMap((message) => {
      if (message.role === "tool") return [`result ${names[message.tool_call_id]}: ${text(message.content)}`];
      if (message.role !== "assistant") return [`${message.role}: ${text(message.content)}`];
      const calls = (message.tool_calls ?? []).map((call) => {
        names[call.id] = call.function.name;
        return `call ${call.function.name} ${json(call.function.arguments)}`;
      });
      return [...(message.content ? [`model: ${text(message.content)}`] : []), ...calls];
    });
  },
  responses: (body) => {
    const names = {};
    return [body.input].flat().flatMap((item) => {
      if (item.type === "function_call") {
        names[item.call_id] = item.name;
        return [`call ${item.name} ${json(item.arguments)}`];
      }
      if (item.type === "function_call_output") return [`result ${names[item.call_id]}: ${text(item.output)}`];
      return item.role ? [`${item.role === "assistant" ? "model" : item.role}: ${text(item.content)}`] : strange(item);
    });
  },
  anthropic: (body) => {
    const names = {};
    return body.messages.flatMap((message) => {
      const who = message.role === "assistant" ? "model" : message.role;
      if (typeof message.content === "string") return [`${who}: ${message.content}`];
      return message.content.flatMap((block) => {
        if (block.type === "text") return [`${who}: ${block.text}`];
        if (block.type === "tool_use") {
          names[block.id] = block.name;
          return [`call ${block.name} ${json(block.input)}`];
        }
        return block.type === "tool_result" ? [`result ${names[block.tool_use_id]}: ${text(block.content)}`] : strange(block);
      });
    });
  },
  gemini: (body) =>
    body.contents.flatMap(({ role, parts }) =>
      parts.flatMap((part) => {
        if (part.text !== undefined) return [`${role}: ${part.text}`];
        if (part.functionCall) return [`call ${part.functionCall.name} ${json(part.functionCall.args)}`];
        const said = part.functionResponse;
        return said ? [`result ${said.name}: ${Object.values(said.response).join("")}`] : strange(part);
      }),
    ),
};

export const conversation = (wire, body) => readers[wire](body);

const PARIS = '{"city":"Paris"}';
const WEATHER = [`call get_weather ${PARIS}`];
const DELETE = [`call delete_file ${PARIS}`];
const TOLD = ["result delete_file: The call to delete_file was not carried out: Deleting is not allowed here. (Switchtower rule blocked/no-deletes)"];
const GOT = ["result get_weather: 21C"];
const FAILED = [...WEATHER, "result get_weather: Error: quota exceeded for Paris"];

/** The requests that must come upstream; a function stands for one message that it must hold for. */
export function expected(scenario, question) {
  const asked = [`user: ${question}`];
  const recovery = [(said) => /^(user|system|developer): /.test(said) && said.includes("quota exceeded for Paris")];
  const failed = (times) => [...asked, ...Array(times).fill(FAILED).flat()];
  return {
    untouched: [asked, [...asked, ...WEATHER, ...DELETE, ...GOT, "result delete_file: 21C"]],
    blocked: [asked, [...asked, ...WEATHER, ...DELETE, ...TOLD, ...GOT]],
    alone: [asked, [...asked, ...DELETE, ...TOLD]],
    errors: [failed(0), failed(1), failed(2), [...failed(3), ...recovery], [...failed(3), ...recovery, ...FAILED]],
    budget: [asked],
    broken: [asked],
  }[scenario];
}

/** What differs; empty where every message is as expected. */
export function differences(said, wanted) {
  if (said.length !== wanted.length) return [`${said.length} requests upstream, not ${wanted.length}: ${JSON.stringify(said)}`];
  return said.flatMap((messages, place) => {
    const same = (message, index) => (typeof wanted[place][index] === "function" ? wanted[place][index](message) : message === wanted[place][index]);
    const right = messages.length === wanted[place].length && messages.every(same);
    return right ? [] : [`request ${place} upstream says ${JSON.stringify(messages, null, 1)}`];
  });
}
