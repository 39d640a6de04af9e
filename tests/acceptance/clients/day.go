// The day, played by Google's client for Go. Arguments: key file, the emulator's URL.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"log"
	"os"

	"golang.org/x/oauth2/google"
	admin "google.golang.org/api/admin/directory/v1"
	"google.golang.org/api/googleapi"
	"google.golang.org/api/option"
)

func must[T any](value T, err error) T {
	done(err)
	return value
}

func done(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

func refusal(err error) []any {
	var refused *googleapi.Error
	if !errors.As(err, &refused) {
		return nil
	}
	var body struct{ Error struct{ Code int } }
	done(json.Unmarshal([]byte(refused.Body), &body))
	return []any{refused.Code, body.Error.Code, refused.Message, refused.Errors[0].Reason}
}

func person(name, family string) *admin.User {
	return &admin.User{
		PrimaryEmail: name + "@example.org",
		Name:         &admin.UserName{GivenName: name, FamilyName: family},
		Password:     "5baa61e4c9b93f3f0682250b6cf8331b7ee68fd8",
		HashFunction: "SHA-1",
	}
}

func main() {
	ctx := context.Background()
	key := must(os.ReadFile(os.Args[1]))
	settings := must(google.JWTConfigFromJSON(
		key, admin.AdminDirectoryUserScope, admin.AdminDirectoryGroupScope))
	settings.Subject = "admin@example.org"
	service := must(admin.NewService(ctx,
		option.WithHTTPClient(settings.Client(ctx)), option.WithEndpoint(os.Args[2]+"/")))
	users, groups, members := service.Users, service.Groups, service.Members
	told := map[string]any{}

	created := must(users.Insert(person("o'neil_x", "Liddell")).Do())
	userKey := "O'Neil_x@example.org"
	must(users.Update(userKey, &admin.User{
		Name:   &admin.UserName{FamilyName: "Hargreaves"},
		Phones: []map[string]string{{"type": "work", "value": "+44"}},
	}).Do())
	must(users.Patch(created.Id, &admin.User{
		Suspended: true, PrimaryEmail: "alice@example.org"}).Do())
	renamed := must(users.Get(userKey).Projection("full").Do())
	told["renamed"] = []any{renamed.PrimaryEmail, renamed.Aliases, renamed.Name.FamilyName}
	told["phones"] = renamed.Phones
	told["suspended"] = []any{renamed.Suspended, renamed.SuspensionReason}

	must(users.Insert(person("bob", "Smith")).Do())
	must(users.Insert(person("carol", "Smith")).Do())
	pages := [][]string{}
	done(users.List().Customer("my_customer").MaxResults(3).Pages(ctx,
		func(page *admin.Users) error {
			addresses := []string{}
			for _, user := range page.Users {
				addresses = append(addresses, user.PrimaryEmail)
			}
			pages = append(pages, addresses)
			return nil
		}))
	told["pages"] = pages

	group := "staff@example.org"
	must(groups.Insert(&admin.Group{Email: group, Name: "Staff"}).Do())
	for _, it := range [][]string{
		{"bob@example.org", "MEMBER"}, {"carol@example.org", "OWNER"}, {"x@example.com", "MEMBER"},
	} {
		must(members.Insert(group, &admin.Member{Email: it[0], Role: it[1]}).Do())
	}
	done(members.Delete(group, "bob@example.org").Do())
	left := [][]string{}
	for _, it := range must(members.List(group).Do()).Members {
		left = append(left, []string{it.Email, it.Role})
	}
	told["members"] = left
	told["carol_is_member"] = must(members.HasMember(group, "carol@example.org").Do()).IsMember

	_, err := users.Insert(person("bob", "Smith")).Do()
	told["taken"] = refusal(err)
	_, err = users.Get("nobody@example.org").Do()
	told["unknown"] = refusal(err)

	done(users.Delete("carol@example.org").Do())
	gone := must(users.List().Customer("my_customer").ShowDeleted("true").Do()).Users
	deleted := []string{}
	for _, user := range gone {
		deleted = append(deleted, user.PrimaryEmail)
	}
	told["deleted"] = deleted
	done(users.Undelete(gone[0].Id, &admin.UserUndelete{OrgUnitPath: "/"}).Do())
	told["restored"] = must(users.Get(gone[0].Id).Do()).PrimaryEmail

	done(json.NewEncoder(os.Stdout).Encode(told))
}
