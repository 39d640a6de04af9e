# The day, played by Google's client for Ruby. Argument: key file. Proxies come from the environment.
require "google/apis/admin_directory_v1"
require "googleauth"
require "json"

Admin = Google::Apis::AdminDirectoryV1
SCOPES = [Admin::AUTH_ADMIN_DIRECTORY_USER, Admin::AUTH_ADMIN_DIRECTORY_GROUP].freeze

google = Admin::DirectoryService.new
google.authorization = Google::Auth::ServiceAccountCredentials.make_creds(
  json_key_io: File.open(ARGV.first), scope: SCOPES
)
google.authorization.sub = "admin@example.org"
told = {}

def refusal
  yield
  nil
rescue Google::Apis::Error => e
  error = JSON.parse(e.body)["error"]
  [e.status_code, error["code"], error["message"], error["errors"][0]["reason"]]
end

def person(name, family)
  Admin::User.new(
    primary_email: "#{name}@example.org",
    name: Admin::UserName.new(given_name: name, family_name: family),
    password: "5baa61e4c9b93f3f0682250b6cf8331b7ee68fd8",
    hash_function: "SHA-1"
  )
end

def member(email, role)
  Admin::Member.new(email: email, role: role)
end

created = google.insert_user(person("o'neil_x", "Liddell"))
key = "O'Neil_x@example.org"
google.update_user(
  key,
  Admin::User.new(
    name: Admin::UserName.new(family_name: "Hargreaves"),
    phones: [Admin::UserPhone.new(type: "work", value: "+44")]
  )
)
google.patch_user(
  created.id, Admin::User.new(suspended: true, primary_email: "alice@example.org")
)
renamed = google.get_user(key, projection: "full")
told[:renamed] = [renamed.primary_email, renamed.aliases, renamed.name.family_name]
told[:phones] = renamed.phones
told[:suspended] = [renamed.suspended, renamed.suspension_reason]

%w[bob carol].each { |name| google.insert_user(person(name, "Smith")) }
told[:pages] = []
token = nil
loop do
  page = google.list_users(customer: "my_customer", max_results: 3, page_token: token)
  told[:pages] << page.users.map(&:primary_email)
  token = page.next_page_token
  break unless token
end

group = "staff@example.org"
google.insert_group(Admin::Group.new(email: group, name: "Staff"))
# the three in one batch, which Google carries out in any order
google.batch do |batch|
  [%w[bob@example.org MEMBER], %w[carol@example.org OWNER], %w[x@example.com MEMBER]].each do |it|
    batch.insert_member(group, member(*it)) { |_, error| raise error if error }
  end
end
google.delete_member(group, "bob@example.org")
told[:members] = google.list_members(group).members.map { |it| [it.email, it.role] }
told[:carol_is_member] = google.has_member_member(group, "carol@example.org").is_member

told[:taken] = refusal { google.insert_user(person("bob", "Smith")) }
told[:unknown] = refusal { google.get_user("nobody@example.org") }

google.delete_user("carol@example.org")
gone = google.list_users(customer: "my_customer", show_deleted: "true").users
told[:deleted] = gone.map(&:primary_email)
google.undelete_user(gone[0].id, Admin::UserUndelete.new(org_unit_path: "/"))
told[:restored] = google.get_user(gone[0].id).primary_email

puts JSON.generate(told)
