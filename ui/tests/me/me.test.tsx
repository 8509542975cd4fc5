import { screen, waitFor, within } from "@testing-library/react";
import { describe, expect, it } from "vitest";
import { browserOf } from "../../src/me/browsers";
import { type Handlers, refusal } from "../fakes/api";
import { expectAccessible, fill, visit } from "../fakes/app";
import { NOW, sessionOf, signedIn } from "../fakes/people";

const CHROME = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36";
const IPHONE =
  "Mozilla/5.0 (iPhone; CPU iPhone OS 20_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/20.0 Mobile/15E148 Safari/604.1";

function withSessions(): Handlers {
  const one = { organization: { id: "organization-1", name: "Example Ltd" }, sign_in: "local", expires_on: NOW + 1 };
  let items = [
    { ...one, session_id: "session-1", is_current: true, address: "192.0.2.1", user_agent: CHROME },
    { ...one, session_id: "session-2", is_current: false, address: "192.0.2.2", user_agent: IPHONE },
  ].map((each) => ({ ...each, created_on: NOW - 7_200_000, last_seen_on: NOW - 60_000 }));
  return {
    getSessions: () => ({ message: "success", count: items.length, items }),
    endSession: ({ session_id }) => {
      items = items.filter((each) => each.session_id !== session_id);
      return { message: "success" };
    },
  };
}

describe("the own account", () => {
  it("shows who I am and where I am signed in, and ends a session that is not this one", async () => {
    const { user } = visit("/me", signedIn(), withSessions());
    const sessions = within(await screen.findByRole("table", { name: "Sessions" }));
    expect(sessions.getByText("Chrome on Linux")).toBeTruthy();
    await expectAccessible();
    await user.click(sessions.getByRole("button", { name: "End the session of Safari on iPhone" }));
    await waitFor(() => expect(screen.queryByText("Safari on iPhone")).toBeNull());
    expect(sessions.queryByRole("button")).toBeNull();
  });

  it("asks over the screen to sign in again when the session has ended, and reads again after it", async () => {
    const { user, api } = visit("/me", signedIn(), {
      getSessions: () => {
        throw refusal(401, "SIGN_IN_REQUIRED");
      },
      signIn: () => sessionOf({ csrf: "csrf-3" }),
    });
    const dialog = within(await screen.findByRole("alertdialog", { name: "Sign in again" }));
    expect(screen.getByRole("heading", { name: "My account" })).toBeTruthy();
    api.handle(withSessions());
    await user.click(dialog.getByLabelText(/^Password/));
    await user.paste("a long sentence");
    await user.keyboard("{Enter}");
    await screen.findByText("Chrome on Linux");
    expect(screen.queryByRole("alertdialog")).toBeNull();
    expect(api.csrf()).toBe("csrf-3");
    expect(api.calls.find(([id]) => id === "signIn")?.[1]).toMatchObject({ email: "manager@example.com" });
  });

  it("changes the password and says so, or why not", async () => {
    const { user } = visit("/me", signedIn(), withSessions(), {
      changePassword: ({ old }) => {
        if (old !== "a long sentence") throw refusal(401, "SIGN_IN_REFUSED");
        return sessionOf();
      },
    });
    await screen.findByLabelText(/Current password/);
    await fill(user, /Current password/, "wrong");
    await fill(user, /New password/, "another long sentence");
    await user.click(screen.getByRole("button", { name: "Change the password" }));
    expect(await screen.findByText("The current password is not right.")).toBeTruthy();
    expect(screen.queryByRole("dialog")).toBeNull();
  });

  it("sets up a second factor after the password, which is asked only when the server asks", async () => {
    let isConfirmed = false;
    let hasSecondFactor = false;
    const confirmedOnly = () => {
      if (!isConfirmed) throw refusal(403, "CONFIRM_REQUIRED");
    };
    const { user } = visit("/me", withSessions(), {
      getSession: () => sessionOf({ user: { ...sessionOf().user, has_second_factor: hasSecondFactor } }),
      confirmSession: ({ password }) => {
        if (password !== "a long sentence") throw refusal(401, "SIGN_IN_REFUSED");
        isConfirmed = true;
        return sessionOf({ csrf: "csrf-4" });
      },
      startSecondFactor: () => {
        confirmedOnly();
        return { message: "success", secret: "ABCDEFGHIJKLMNOP", uri: "otpauth://totp/Looply" };
      },
      enableSecondFactor: ({ code }) => {
        confirmedOnly();
        if (code !== "123456") throw refusal(422, "WRONG_CODE");
        hasSecondFactor = true;
        return { message: "success" };
      },
    });
    await user.click(await screen.findByRole("button", { name: "Set up an authenticator app" }));
    const asking = within(await screen.findByRole("dialog", { name: "Confirm that it is you" }));
    await expectAccessible();
    await user.click(asking.getByLabelText(/^Password/));
    await user.paste("a long sentence");
    await user.keyboard("{Enter}");
    const setup = within(await screen.findByRole("dialog", { name: "Set up an authenticator app" }));
    expect(setup.getByText("ABCD EFGH IJKL MNOP")).toBeTruthy();
    expect(setup.getByRole("img", { name: "QR code of the key" })).toBeTruthy();
    await user.click(setup.getByLabelText(/Code/));
    await user.paste("123 456");
    await user.keyboard("{Enter}");
    expect(await screen.findByText(/^On: sign-in also asks/)).toBeTruthy();
  });

  it("does nothing when the password is not confirmed, and says so", async () => {
    const { user } = visit("/me", signedIn(), withSessions(), {
      startSecondFactor: () => {
        throw refusal(403, "CONFIRM_REQUIRED");
      },
    });
    await user.click(await screen.findByRole("button", { name: "Set up an authenticator app" }));
    await user.click(await screen.findByRole("button", { name: "Cancel" }));
    expect(await screen.findByText("Nothing was done: the password was not confirmed.")).toBeTruthy();
  });

  it("takes the preferences of the account, and stores what is chosen there", async () => {
    const { user, api } = visit("/me", signedIn(), withSessions(), {
      getPreferences: () => ({ message: "success", preferences: { app: { theme: "dark" }, other: 1 } }),
      putPreferences: () => ({ message: "success" }),
    });
    await waitFor(() => expect(document.documentElement.dataset.theme).toBe("dark"));
    expect(api.calls.some(([id]) => id === "putPreferences")).toBe(false);
    await user.selectOptions(screen.getByLabelText("Density of tables"), "compact");
    await waitFor(() => expect(api.calls.some(([id]) => id === "putPreferences")).toBe(true));
    expect(document.documentElement.dataset.density).toBe("compact");
    const [, stored] = api.calls.find(([id]) => id === "putPreferences") ?? [];
    expect(stored).toMatchObject({ preferences: { other: 1, app: { theme: "dark", density: "compact" } } });
  });

  it("leaves nothing of the session on the screen after signing out", async () => {
    let isOut = false;
    const { user, address } = visit("/me", withSessions(), {
      getSession: () => {
        if (isOut) throw refusal(401, "SIGN_IN_REQUIRED");
        return sessionOf();
      },
      signOut: () => {
        isOut = true;
        return { message: "success" };
      },
    });
    await user.click(await screen.findByRole("button", { name: "Account of The manager" }));
    await user.click(await screen.findByRole("menuitem", { name: "Sign out" }));
    await screen.findByRole("heading", { name: "Sign in" });
    expect(address()).toBe("/sign-in");
    expect(document.body.textContent).not.toContain("manager@example.com");
  });
});

describe("the name of a browser", () => {
  it.each([
    [CHROME, "Chrome", "Linux"],
    [IPHONE, "Safari", "iPhone"],
    ["Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/156.0 Safari/537.36 Edg/156.0", "Edge", "Windows"],
    ["Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:150.0) Gecko/20100101 Firefox/150.0", "Firefox", "macOS"],
    ["curl/8.0", null, null],
    ["", null, null],
  ])("is read from %s", (userAgent, browser, system) => {
    expect(browserOf(userAgent)).toEqual({ browser, system });
  });
});
