// Times Microsoft's packages for `looply bench expressions`. The first line names the folder of the packages and the
// cases: [{"expression" or "template", "data"}]; it is answered by their versions and the value of each case. Each
// further line {"case", "times"} is answered by the seconds that this number of evaluations took.

import fs from "node:fs";
import path from "node:path";
import readline from "node:readline";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

console.log = console.warn = () => {};

function prepared(packages) {
  const load = createRequire(pathToFileURL(path.join(packages, "package.json")));
  const { Expression } = load("adaptive-expressions");
  const { Template } = load("adaptivecards-templating");
  // Everything that can be made once is made once.
  return (test) => {
    if ("template" in test) {
      const template = new Template(test.template);
      return () => template.expand({ $root: test.data });
    }
    const expression = Expression.parse(test.expression);
    return () => expression.tryEvaluate(test.data).value;
  };
}

function versions(packages) {
  const names = ["adaptive-expressions", "adaptivecards-templating"];
  const read = (name) => JSON.parse(fs.readFileSync(path.join(packages, name, "package.json"), "utf8")).version;
  return Object.fromEntries([["node", process.version], ...names.map((name) => [name, read(name)])]);
}

let kept; // so that no evaluation is optimized away

function seconds(evaluate, times) {
  const begun = process.hrtime.bigint();
  for (let round = 0; round < times; round++) kept = evaluate();
  return Number(process.hrtime.bigint() - begun) / 1e9;
}

let evaluations;
for await (const line of readline.createInterface({ input: process.stdin })) {
  const asked = JSON.parse(line);
  if (evaluations === undefined) {
    evaluations = asked.cases.map(prepared(asked.packages));
    const values = evaluations.map((evaluate) => evaluate());
    process.stdout.write(JSON.stringify({ versions: versions(asked.packages), values }) + "\n");
  } else {
    process.stdout.write(JSON.stringify({ seconds: seconds(evaluations[asked.case], asked.times) }) + "\n");
  }
}
