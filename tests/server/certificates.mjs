// Throw-away certificates for one run of the server, made by the openssl command (1.1.1 or newer).

import { execFile } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

const configuration = `
[req]
distinguished_name = subject
prompt = no
[subject]
commonName = Reqivo test
[authority]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
[local]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = serverAuth
subjectAltName = DNS:localhost, IP:127.0.0.1, IP:::1
[wrong_host]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = serverAuth
subjectAltName = DNS:wrong.example
[client]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = clientAuth
[any_subject]
commonName = supplied
`;

// For `openssl ca`, which alone needs a place for its records.
function authoritySection(directory) {
  return `
[ca]
default_ca = expired_authority
[expired_authority]
database = ${join(directory, 'index.txt')}
policy = any_subject
default_md = sha256
unique_subject = no
rand_serial = yes
x509_extensions = local
`;
}

class Workshop {
  constructor(directory) {
    this.directory = directory;
    this.serial = 1;
    this.write('openssl.cnf', configuration + authoritySection(directory), 0o600);
  }

  path(name) {
    return join(this.directory, name);
  }

  write(name, content, mode) {
    writeFileSync(this.path(name), content, { mode });
  }

  read(name) {
    return readFileSync(this.path(name), 'utf8');
  }

  key(name) {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
    this.write(`${name}.key`, privateKey.export({ type: 'pkcs8', format: 'pem' }), 0o600);
  }

  async openssl(...words) {
    await run('openssl', words, { cwd: this.directory, timeout: 20000 });
  }

  async selfSigned(name, key, commonName, section) {
    await this.openssl('req', '-x509', '-new', '-config', 'openssl.cnf', '-key', `${key}.key`,
      '-subj', `/CN=${commonName}`, '-extensions', section, '-days', '2', '-out', `${name}.pem`);
  }

  async request(name, commonName) {
    await this.openssl('req', '-new', '-config', 'openssl.cnf', '-key', `${name}.key`, '-subj',
      `/CN=${commonName}`, '-out', `${name}.csr`);
  }

  async sign(name, requestName, authority, section) {
    this.serial += 1;
    await this.openssl('x509', '-req', '-in', `${requestName}.csr`, '-CA', `${authority}.pem`,
      '-CAkey', `${authority}.key`, '-set_serial', String(this.serial), '-sha256', '-days', '2',
      '-extfile', 'openssl.cnf', '-extensions', section, '-out', `${name}.pem`);
  }

  // `openssl x509` cannot set a validity in the past everywhere; `openssl ca` can.
  async signExpired(name, requestName, authority) {
    this.write('index.txt', '', 0o600);
    await this.openssl('ca', '-batch', '-notext', '-config', 'openssl.cnf', '-in',
      `${requestName}.csr`, '-cert', `${authority}.pem`, '-keyfile', `${authority}.key`,
      '-startdate', '20200101000000Z', '-enddate', '20200102000000Z', '-outdir', '.',
      '-out', `${name}.pem`);
  }
}

// Makes all certificates in `directory` (which the caller made private and removes). Returns
// file paths for clients and {key, cert} PEM texts for the listeners.
export async function makeCertificates(directory) {
  const workshop = new Workshop(directory);
  for (const name of ['authority', 'stranger', 'leaf', 'client']) workshop.key(name);
  await Promise.all([
    workshop.selfSigned('authority', 'authority', 'Reqivo test authority', 'authority'),
    workshop.selfSigned('stranger', 'stranger', 'Reqivo unknown authority', 'authority'),
    workshop.selfSigned('self_signed', 'leaf', 'localhost', 'local'),
    workshop.request('leaf', 'Reqivo test server'),
    workshop.request('client', 'reqivo-test-client'),
  ]);
  await Promise.all([
    workshop.sign('good', 'leaf', 'authority', 'local'),
    workshop.sign('wrong_host', 'leaf', 'authority', 'wrong_host'),
    workshop.sign('unknown_issuer', 'leaf', 'stranger', 'local'),
    workshop.sign('client', 'client', 'authority', 'client'),
    workshop.signExpired('expired', 'leaf', 'authority'),
  ]);
  const key = workshop.read('leaf.key');
  const identity = (name) => ({ key, cert: workshop.read(`${name}.pem`) });
  return {
    caFile: workshop.path('authority.pem'),
    ca: workshop.read('authority.pem'),
    clientCertFile: workshop.path('client.pem'),
    clientKeyFile: workshop.path('client.key'),
    good: identity('good'),
    expired: identity('expired'),
    wrongHost: identity('wrong_host'),
    selfSigned: identity('self_signed'),
    unknownIssuer: identity('unknown_issuer'),
  };
}
