// A tool's arguments as a form: which fields a JSON Schema asks for, and values put in without touching the rest.
import { isObject, type Json, type JsonObject, parseJson } from "./dialect/parts";

export type Field =
  | { kind: "string" }
  | { kind: "number"; whole: boolean }
  | { kind: "boolean" }
  | { kind: "enum"; options: Json[] }
  | { kind: "object"; fields: Named[] }
  | { kind: "list"; of: Field }
  | { kind: "json" };

export type Named = { name: string; field: Field; required: boolean; says: string };

const DEEPEST = 4;

/** The form for these arguments; null where only raw JSON will do. */
export function formOf(schema: string | null, value: Json | undefined): Named[] | null {
  if (!isObject(value)) return null;
  const read = schema === null || schema === "" ? null : parseJson(schema);
  const fields = isObject(read) ? fieldsOf(read, value, 0) : [];
  const known = new Set(fields.map((field) => field.name));
  const others = Object.keys(value).filter((name) => !known.has(name));
  return [...fields, ...others.map((name) => ({ name, field: guess(value[name], 0), required: false, says: "" }))];
}

function fieldsOf(schema: JsonObject, value: Json | undefined, depth: number): Named[] {
  if (!isObject(schema.properties)) return [];
  const required = Array.isArray(schema.required) ? schema.required : [];
  return Object.entries(schema.properties).map(([name, given]) => {
    const about = isObject(given) ? given : {};
    const here = isObject(value) ? value[name] : undefined;
    const field = fieldOf(about, here, depth + 1);
    return {
      name,
      // What does not fit its field is shown as it is.
      field: here === undefined || fits(field, here) ? field : { kind: "json" as const },
      required: required.includes(name),
      says: typeof about.description === "string" ? about.description : "",
    };
  });
}

function fieldOf(schema: JsonObject, value: Json | undefined, depth: number): Field {
  if (depth > DEEPEST) return { kind: "json" };
  if (Array.isArray(schema.enum) && schema.enum.every((option) => !isObject(option) && !Array.isArray(option)))
    return { kind: "enum", options: schema.enum };
  switch (typeof schema.type === "string" ? schema.type.toLowerCase() : "") {
    case "string":
      return { kind: "string" };
    case "number":
      return { kind: "number", whole: false };
    case "integer":
      return { kind: "number", whole: true };
    case "boolean":
      return { kind: "boolean" };
    case "object": {
      const fields = fieldsOf(schema, value, depth);
      const extra = isObject(value) && Object.keys(value).some((name) => !fields.some((one) => one.name === name));
      return fields.length === 0 || extra ? { kind: "json" } : { kind: "object", fields };
    }
    case "array": {
      const of = isObject(schema.items) ? fieldOf(schema.items, undefined, depth + 1) : null;
      const scalar = of !== null && ["string", "number", "boolean", "enum"].includes(of.kind);
      return scalar ? { kind: "list", of } : { kind: "json" };
    }
    default:
      return { kind: "json" };
  }
}

/** Without a schema the value itself says what it is. */
function guess(value: Json | undefined, depth: number): Field {
  if (typeof value === "string") return { kind: "string" };
  if (typeof value === "number") return { kind: "number", whole: false };
  if (typeof value === "boolean") return { kind: "boolean" };
  if (Array.isArray(value) && value.length > 0 && value.every((one) => typeof one === "string"))
    return { kind: "list", of: { kind: "string" } };
  if (isObject(value) && depth < DEEPEST && Object.keys(value).length > 0) {
    const fields = Object.entries(value).map(([name, one]) => ({
      name,
      field: guess(one, depth + 1),
      required: false,
      says: "",
    }));
    return { kind: "object", fields };
  }
  return { kind: "json" };
}

export function fits(field: Field, value: Json): boolean {
  switch (field.kind) {
    case "string":
      return typeof value === "string";
    case "number":
      return typeof value === "number" && (!field.whole || Number.isInteger(value));
    case "boolean":
      return typeof value === "boolean";
    case "enum":
      return field.options.includes(value);
    case "object":
      return isObject(value);
    case "list":
      return Array.isArray(value) && value.every((one) => fits(field.of, one));
    case "json":
      return true;
  }
}

/** What a field begins with when it is set for the first time. */
export function blank(field: Field): Json {
  switch (field.kind) {
    case "string":
      return "";
    case "number":
      return 0;
    case "boolean":
      return false;
    case "enum":
      return field.options[0] ?? null;
    case "object":
      return {};
    case "list":
      return [];
    case "json":
      return null;
  }
}

/** The object with one field set, or taken out where `value` is undefined; the order of keys is kept. */
export function put(object: JsonObject, name: string, value: Json | undefined): JsonObject {
  if (value !== undefined) return { ...object, [name]: value };
  const { [name]: _, ...rest } = object;
  return rest;
}

/** Whether JavaScript's numbers would change a number of this text: then only its own spelling will do. */
export function losesNumbers(text: string): boolean {
  const bare = text.replace(/"(?:[^"\\]|\\.)*"/g, '""');
  return (bare.match(/-?\d[\d.eE+-]*/g) ?? []).some((token) => String(Number(token)) !== token);
}

/** For reading and editing: indented, unless that would change it. */
export function spread(text: string): string {
  const value = parseJson(text);
  return value === undefined || losesNumbers(text) ? text : JSON.stringify(value, null, 2);
}

/** For sending: on one line, unless that would change it. */
export function packed(text: string): string {
  const value = parseJson(text);
  return value === undefined || losesNumbers(text) ? text : JSON.stringify(value);
}

/** What is wrong with a text as JSON; null where nothing is. */
export function wrongJson(text: string): string | null {
  try {
    JSON.parse(text);
    return null;
  } catch (cause) {
    return cause instanceof Error ? cause.message : String(cause);
  }
}
