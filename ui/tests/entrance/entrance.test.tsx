import { screen } from "@testing-library/react";
import { describe, expect, it } from "vitest";
import { refusal } from "../fakes/api";
import { expectAccessible, fill, visit } from "../fakes/app";
import { NOW, sessionOf, signedIn, signedOut } from "../fakes/people";

const INVITATION = {
  message: "success",
  organization_name: "Example Ltd",
  email: "viewer@example.com",
  role: "viewer",
  expires_on: NOW + 1000,
  has_account: false,
} as const;

describe("sign-in", () => {
  it("refuses a wrong password with one sentence for all reasons", async () => {
    const { user } = visit("/sign-in", signedOut());
    await screen.findByLabelText(/Email/);
    await expectAccessible();
    await fill(user, /Email/, "manager@example.com");
    await fill(user, /^Password/, "wrong");
    await user.click(screen.getByRole("button", { name: "Sign in" }));
    expect(await screen.findByText(/Email, password or code is not right/)).toBeTruthy();
    expect(screen.queryByText("You are signed out")).toBeNull();
  });

  it("sends the code of a second factor, without its space", async () => {
    const { user, api } = visit("/sign-in", signedOut());
    await screen.findByLabelText(/Email/);
    await fill(user, /Email/, "manager@example.com");
    await fill(user, /^Password/, "a long sentence");
    await user.click(screen.getByRole("button", { name: /authenticator app/ }));
    await fill(user, /Code/, "123 456");
    await user.keyboard("{Enter}");
    await screen.findByRole("navigation", { name: "Main" });
    expect(api.calls.find(([id]) => id === "signIn")?.[1]).toMatchObject({ code: "123456" });
  });

  it("offers the providers of the installation, which return to the screen", async () => {
    visit(
      "/sign-in?to=/admin/keys",
      signedOut({ local: false, providers: [{ id: "entra", label: "the company account" }] }),
    );
    const button = await screen.findByRole("link", { name: "Continue with the company account" });
    expect(button.getAttribute("href")).toBe("/v2/session/start?provider=entra&to=%2Fapp%2Fadmin%2Fkeys");
    expect(screen.queryByLabelText(/^Password/)).toBeNull();
  });

  it("opens the form for the emergency account where passwords are switched off", async () => {
    const { user } = visit("/sign-in", signedOut({ local: false, providers: [{ id: "entra", label: "Entra" }] }));
    await user.click(await screen.findByRole("button", { name: "Sign in with the emergency account" }));
    await screen.findByLabelText(/^Password/);
    await expectAccessible();
  });

  it("says in words why a provider's sign-in failed", async () => {
    visit("/sign-in?error=NOT_A_MEMBER", signedOut());
    expect(await screen.findByText(/You are not a member of an organization here/)).toBeTruthy();
    await expectAccessible();
  });

  it("does not show a reason that it does not know", async () => {
    visit("/sign-in?error=Call%20us", signedOut());
    expect(await screen.findByText("The sign-in did not succeed. Try again.")).toBeTruthy();
    expect(document.body.textContent).not.toContain("Call us");
  });

  it("keeps the session when a confirmation at a provider failed", async () => {
    const { user, address } = visit("/sign-in?error=PROVIDER_REFUSED", signedIn());
    await user.click(await screen.findByRole("link", { name: "Back to the app" }));
    await screen.findByRole("navigation", { name: "Main" });
    expect(address()).toBe("/inbox");
  });

  it("leads on at once when there is a session", async () => {
    const { address } = visit("/sign-in?to=/me", signedIn());
    await screen.findByRole("heading", { name: "My account" });
    expect(address()).toBe("/me");
  });

  it("shows a password when asked to", async () => {
    const { user } = visit("/sign-in", signedOut());
    const field = await screen.findByLabelText(/^Password/);
    expect(field.getAttribute("type")).toBe("password");
    await user.click(screen.getByRole("button", { name: "Show" }));
    expect(field.getAttribute("type")).toBe("text");
  });
});

describe("an invitation", () => {
  it("makes an account of a name and a password, and signs in", async () => {
    const { user, api } = visit("/invitation/token-1", signedIn(), {
      readInvitation: () => INVITATION,
      acceptInvitation: () => sessionOf({ role: "viewer" }),
    });
    await screen.findByRole("heading", { name: "Join Example Ltd" });
    await expectAccessible();
    await fill(user, /Your name/, "The viewer");
    await fill(user, /New password/, "short");
    expect(screen.getByText("7 more characters")).toBeTruthy();
    await user.click(screen.getByRole("button", { name: "Accept the invitation" }));
    expect(api.calls.some(([id]) => id === "acceptInvitation")).toBe(false);
    await fill(user, /New password/, " but now longer");
    await user.click(screen.getByRole("button", { name: "Accept the invitation" }));
    await screen.findByRole("navigation", { name: "Main" });
    expect(api.calls.find(([id]) => id === "acceptInvitation")?.[1]).toEqual({
      token: "token-1",
      name: "The viewer",
      email: "viewer@example.com",
      password: "short but now longer",
      code: "",
    });
  });

  it("is accepted at a provider, which is the only way where passwords are switched off", async () => {
    const ways = { local: false, providers: [{ id: "entra", label: "Entra" }] };
    visit("/invitation/token-1", signedOut(ways), { readInvitation: () => INVITATION });
    const button = await screen.findByRole("link", { name: "Continue with Entra" });
    expect(button.getAttribute("href")).toBe("/v2/session/start?provider=entra&to=%2Fapp%2F&invitation=token-1");
    expect(screen.queryByLabelText(/New password/)).toBeNull();
  });

  it("for no address says that it asks for one, and one for an address does not", async () => {
    const { unmount } = visit("/invitation/token-1", signedOut(), {
      readInvitation: () => ({ ...INVITATION, email: "" }),
    });
    await screen.findByText(/Give your email address and your name, and choose a password/);
    unmount();
    visit("/invitation/token-1", signedOut(), { readInvitation: () => INVITATION });
    await screen.findByText(/Give your name, and choose a password/);
  });

  it("asks a person with an account for the password of it alone", async () => {
    visit("/invitation/token-1", signedOut(), { readInvitation: () => ({ ...INVITATION, has_account: true }) });
    await screen.findByText(/You have an account here already/);
    expect(screen.queryByLabelText(/Your name/)).toBeNull();
  });

  it("that was used or has expired says so", async () => {
    visit("/invitation/old", signedOut(), {
      readInvitation: () => {
        throw refusal(404, "INVITATION_NOT_FOUND", "not found");
      },
    });
    expect(await screen.findByText(/This link is not valid/)).toBeTruthy();
    await expectAccessible();
  });
});

describe("a forgotten password", () => {
  it("is answered alike for every address", async () => {
    const { user } = visit("/forgotten", signedOut(), { requestReset: () => ({ message: "success", by_mail: false }) });
    await screen.findByLabelText(/Email/);
    await fill(user, /Email/, "unknown@example.com");
    await user.click(screen.getByRole("button", { name: "Ask for a link" }));
    expect(await screen.findByText(/if the address is known here/)).toBeTruthy();
  });

  it("is replaced by the link of an administrator", async () => {
    const { user } = visit("/reset/token-1", signedOut(), {
      readReset: () => ({ message: "success", name: "The buyer", email: "buyer@example.com" }),
      resetPassword: ({ password }) => {
        if (password === "passwordpassword") throw refusal(422, "WEAK_PASSWORD");
        return { message: "success" };
      },
    });
    await screen.findByText(/For the account of The buyer/);
    await fill(user, /New password/, "passwordpassword");
    await user.click(screen.getByRole("button", { name: "Save the password" }));
    expect(await screen.findByText(/too short or too common/)).toBeTruthy();
    await fill(user, /New password/, " and more");
    await user.click(screen.getByRole("button", { name: "Save the password" }));
    expect(await screen.findByText(/Your new password is saved/)).toBeTruthy();
  });
});
