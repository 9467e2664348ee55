// node speak_in_node.mjs CASE WEB: speaks a case, and writes what is heard to standard output.

import { readFile } from "node:fs/promises";
import { pathToFileURL } from "node:url";
import { gunzipSync } from "node:zlib";
import { speak } from "./speak.mjs";

const [directory, web] = process.argv.slice(2);
const from = (path) => import(pathToFileURL(`${web}/${path}`));
const modules = {
  ...(await from("synthesis/engine.js")),
  ...(await from("synthesis/voice.js")),
  ...(await from("synthesis/synthesizer.js")),
  ort: await from("engine/ort.js"),
};

async function read(path) {
  return alone(await readFile(`${directory}/${path}`));
}

/** The memory of a file's content: small ones share theirs. */
function alone(bytes) {
  return bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength);
}

const heard = await speak(read, modules, alone(gunzipSync(await readFile(`${web}/engine/ort.wasm.packed`))));
process.stdout.write(new Uint8Array(heard.buffer));
