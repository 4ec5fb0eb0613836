// The machine that the commands run on: where builds go, which programs and system packages are there, how to get the
// rest. Installs through apt where root allows; otherwise it says the one line to run.
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, readFileSync, statSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

export const root = join(dirname(fileURLToPath(import.meta.url)), "..", "..");
export const cache = join(process.env.XDG_CACHE_HOME || join(homedir(), ".cache"), "switchtower");
export const out = join(root, "tests", "out");

/** One target folder for every step and every clone, so that nothing is compiled twice. */
export const target = process.env.CARGO_TARGET_DIR || join(cache, "target");
process.env.CARGO_TARGET_DIR = target;

/** Where cargo leaves a program. */
export const built = (name, profile = "debug") =>
  join(target, profile, process.platform === "win32" ? `${name}.exe` : name);

export function which(name) {
  const folders = (process.env.PATH || "").split(delimiter);
  return folders.map((folder) => join(folder, name)).find((file) => existsSync(file));
}

/** What each need is provided by, and how its presence is known. */
const SYSTEM = {
  compiler: { apt: ["build-essential", "pkg-config"], there: () => which("cc") && which("pkg-config") },
  window: {
    apt: ["libwebkit2gtk-4.1-dev", "libayatana-appindicator3-dev", "librsvg2-dev"],
    there: () => ["webkit2gtk-4.1", "ayatana-appindicator3-0.1", "librsvg-2.0"].every(hasLibrary),
  },
  browser: { apt: ["chromium"], there: () => browser() },
  driver: {
    apt: ["webkit2gtk-driver", "xvfb", "dbus-daemon"],
    there: () => ["WebKitWebDriver", "Xvfb", "dbus-daemon"].every(which),
  },
  nginx: { apt: ["nginx-light"], there: () => nginx() },
  python: { apt: ["python3", "python3-venv"], there: () => which("python3") },
};

const hasLibrary = (name) => spawnSync("pkg-config", ["--exists", name]).status === 0;

/** A Chromium that is already installed; Playwright's own download is not used. */
export function browser() {
  const places = ["chromium", "chromium-browser", "google-chrome-stable", "google-chrome"].map(which);
  const fixed = ["/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"];
  return process.env.SWITCHTOWER_BROWSER || places.find(Boolean) || fixed.find((file) => existsSync(file));
}

export const nginx = () => which("nginx") || ["/usr/sbin/nginx"].find((file) => existsSync(file));

export class Missing extends Error {}

/** Makes the named needs present, or throws `Missing` with the one line that would. */
export function requireSystem(...needs) {
  const packages = needs.filter((need) => !SYSTEM[need].there()).flatMap((need) => SYSTEM[need].apt);
  if (packages.length === 0) return;
  const line = `apt-get install -y --no-install-recommends ${packages.join(" ")}`;
  const mayInstall = which("apt-get") && process.getuid?.() === 0;
  if (!mayInstall) throw new Missing(`Missing system packages. Run:\n  sudo ${line}`);
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  const install = () => spawnSync("sh", ["-c", line], { env, encoding: "utf8", maxBuffer: 1 << 28 });
  let result = install();
  if (result.status !== 0) {
    spawnSync("apt-get", ["update"], { env, maxBuffer: 1 << 28 });
    result = install();
  }
  if (result.status !== 0) throw new Missing(`Could not install system packages:\n${result.stderr}\nRun:\n  ${line}`);
}

export function requireCargo() {
  const home = join(homedir(), ".cargo", "bin");
  if (!which("cargo") && existsSync(join(home, "cargo"))) process.env.PATH = home + delimiter + process.env.PATH;
  if (!which("cargo")) throw new Missing("Rust is missing. Get it from https://rustup.rs, then run this again.");
  const wanted = readFileSync(join(root, "Cargo.toml"), "utf8").match(/rust-version = "(\d+)\.(\d+)"/);
  const have = execFileSync("cargo", ["--version"], { encoding: "utf8" }).match(/(\d+)\.(\d+)/);
  const older = wanted && have && (+have[1] - +wanted[1] || +have[2] - +wanted[2]) < 0;
  if (older) throw new Missing(`Rust ${wanted[1]}.${wanted[2]} or newer is needed. Run:\n  rustup update stable`);
}

/** True if node_modules is what the lock asks for. */
export function packagesCurrent() {
  const installed = join(root, "node_modules", ".package-lock.json");
  return existsSync(installed) && statSync(installed).mtimeMs >= statSync(join(root, "package-lock.json")).mtimeMs;
}

export const hasDisplay = () => Boolean(process.env.DISPLAY || process.env.WAYLAND_DISPLAY) || process.platform !== "linux";
