import { writeFile } from "../../files.ts";
import type { PeerKind } from "../peer.ts";
import { freePort, startService } from "../service.ts";
import { curl } from "./http.ts";

/** curl from nginx with sendfile, and its PUT. */
export const NGINX: PeerKind = {
  name: "curl and nginx",
  programs: ["curl", "nginx"],
  promises: "nothing",
  async start(site) {
    const { root, own } = site;
    const port = freePort();
    const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map((name) =>
      `${name}_temp_path ${own}/${name};`
    );
    writeFile(
      `${own}/conf`,
      `daemon off; pid ${own}/pid; error_log ${own}/errors;
${Deno.uid() === 0 ? "user root;" : ""}
events {}
http {
  access_log off; sendfile on; client_max_body_size 0; ${temporary.join(" ")}
  server { listen 127.0.0.1:${port}; root ${root}; dav_methods PUT; create_full_put_path on; }
}
`,
    );
    await startService(
      site.stack,
      port,
      "nginx",
      "-p",
      own,
      "-e",
      `${own}/errors`,
      "-c",
      `${own}/conf`,
    );
    return curl(site, port);
  },
};
