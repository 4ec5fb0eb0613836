export { type AnswerView, readAnswer, readEvents } from "./answer";
export { isObject, list, type Part, parseJson, type Role, type ToolDefinition, type Turn } from "./parts";
export { type RequestView, readRequest } from "./request";
