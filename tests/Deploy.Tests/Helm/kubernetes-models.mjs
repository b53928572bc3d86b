// Reads Kubernetes objects as YAML and checks each against the JSON schema of its kind, which knows the required fields.
import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';

const require = createRequire(`${process.argv[2]}/node_modules/`);
const documents = require('js-yaml').loadAll(readFileSync(0, 'utf8')).filter(Boolean);
let wrong = 0;
for (const object of documents) {
  const name = `${object.apiVersion} ${object.kind} ${object.metadata?.name}`;
  try {
    const kind = require(`kubernetes-models/${object.apiVersion}/${object.kind}`)[object.kind];
    new kind(object).validate();
    console.log(`valid: ${name}`);
  } catch (error) {
    wrong++;
    console.log(`wrong: ${name}: ${error.message}`);
  }
}
process.exit(wrong > 0 || documents.length === 0 ? 1 : 0);
