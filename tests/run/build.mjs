// The builds that several commands begin with.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { packagesCurrent, root } from "./machine.mjs";
import { run } from "./steps.mjs";

export const installPackages = () =>
  packagesCurrent() ? { ok: true, output: "" } : run("npm", ["ci", "--no-audit", "--no-fund"]);

export const buildUi = () => run("npm", ["run", "--workspace", "ui", "build"]);

/** The `switchtower` program, without WebKit. */
export const buildCli = (profile = "dev") =>
  run("cargo", ["build", "--locked", "-p", "switchtower-cli", "--profile", profile]);

/** The desktop app. */
export const buildWindow = () => run("cargo", ["build", "--locked", "-p", "switchtower"]);

export const has = (path) => existsSync(join(root, path));
