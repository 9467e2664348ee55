// Files of the server, as they are or packed (gzip): `.packed` says nothing to servers, which leave it alone.

const PACKED = ".packed";

/**
 * The content of a file.
 * @param {string | URL} address
 * @param {object} headers of the request
 */
export async function content(address, headers = {}) {
  const response = await fetch(address, { headers });
  if (!response.ok) throw new Error(`${address}: HTTP ${response.status}`);
  if (!String(address).endsWith(PACKED)) return response.arrayBuffer();
  return new Response(response.body.pipeThrough(new DecompressionStream("gzip"))).arrayBuffer();
}

/** A JSON file. */
export async function object(address, headers) {
  return JSON.parse(new TextDecoder().decode(await content(address, headers)));
}
