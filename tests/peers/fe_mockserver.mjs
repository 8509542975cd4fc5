// SAP's mock server of Fiori elements with one service of OData 2 and one of OData 4: node fe_mockserver.mjs FOLDER PORT

import http from "node:http";
import { createRequire } from "node:module";
import path from "node:path";

const { default: MockServer } = createRequire(import.meta.url)("@sap-ux/fe-mockserver-core");
const [folder, port] = process.argv.slice(2);

function service(version, urlPath) {
  const place = path.join(folder, version);
  return { metadataPath: path.join(place, "metadata.xml"), mockdataPath: place, urlPath, validateETag: true };
}

const mock = new MockServer({
  services: [
    service("v2", "/sap/opu/odata/sap/Z_ORDERS_SRV"),
    service("v4", "/sap/opu/odata4/sap/z_orders/srvd_a2x/sap/z_orders/0001"),
  ],
});
await mock.isReady;

http
  .createServer((request, response) => {
    mock.getRouter()(request, response, () => {
      response.statusCode = 404;
      response.end();
    });
  })
  .listen(Number(port), "127.0.0.1");
