// The day, played by Google's client for Node. Arguments: key file, the emulator's URL.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

const installed = createRequire(join(process.env.CLIENTS, 'package.json'));
const { admin, auth } = installed('@googleapis/admin');

const key = JSON.parse(readFileSync(process.argv[2], 'utf8'));
const directory = admin({
  version: 'directory_v1',
  rootUrl: `${process.argv[3]}/`,
  auth: new auth.JWT({
    email: key.client_email,
    key: key.private_key,
    subject: 'admin@example.org',
    scopes: ['user', 'group'].map(
      (scope) => `https://www.googleapis.com/auth/admin.directory.${scope}`,
    ),
  }),
});
const { users, groups, members } = directory;
const told = {};

async function refusal(call) {
  try {
    await call;
  } catch (error) {
    const { code, message, errors } = error.response.data.error;
    return [error.status, code, message, errors[0].reason];
  }
  return null;
}

function person(name, family) {
  return {
    primaryEmail: `${name}@example.org`,
    name: { givenName: name, familyName: family },
    password: '5baa61e4c9b93f3f0682250b6cf8331b7ee68fd8',
    hashFunction: 'SHA-1',
  };
}

const created = (await users.insert({ requestBody: person("o'neil_x", 'Liddell') })).data;
const userKey = "O'Neil_x@example.org";
await users.update({
  userKey,
  requestBody: { name: { familyName: 'Hargreaves' }, phones: [{ type: 'work', value: '+44' }] },
});
await users.patch({
  userKey: created.id,
  requestBody: { suspended: true, primaryEmail: 'alice@example.org' },
});
const renamed = (await users.get({ userKey, projection: 'full' })).data;
told.renamed = [renamed.primaryEmail, renamed.aliases, renamed.name.familyName];
told.phones = renamed.phones;
told.suspended = [renamed.suspended, renamed.suspensionReason];

for (const name of ['bob', 'carol']) await users.insert({ requestBody: person(name, 'Smith') });
told.pages = [];
let pageToken;
do {
  const page = (await users.list({ customer: 'my_customer', maxResults: 3, pageToken })).data;
  told.pages.push(page.users.map((user) => user.primaryEmail));
  pageToken = page.nextPageToken;
} while (pageToken);

const groupKey = 'staff@example.org';
await groups.insert({ requestBody: { email: groupKey, name: 'Staff' } });
await members.insert({ groupKey, requestBody: { email: 'bob@example.org', role: 'MEMBER' } });
await members.insert({ groupKey, requestBody: { email: 'carol@example.org', role: 'OWNER' } });
await members.insert({ groupKey, requestBody: { email: 'x@example.com', role: 'MEMBER' } });
await members.delete({ groupKey, memberKey: 'bob@example.org' });
const left = (await members.list({ groupKey })).data.members;
told.members = left.map((member) => [member.email, member.role]);
const asked = await members.hasMember({ groupKey, memberKey: 'carol@example.org' });
told.carol_is_member = asked.data.isMember;

told.taken = await refusal(users.insert({ requestBody: person('bob', 'Smith') }));
told.unknown = await refusal(users.get({ userKey: 'nobody@example.org' }));

await users.delete({ userKey: 'carol@example.org' });
const gone = (await users.list({ customer: 'my_customer', showDeleted: 'true' })).data.users;
told.deleted = gone.map((user) => user.primaryEmail);
await users.undelete({ userKey: gone[0].id, requestBody: { orgUnitPath: '/' } });
told.restored = (await users.get({ userKey: gone[0].id })).data.primaryEmail;

console.log(JSON.stringify(told));
