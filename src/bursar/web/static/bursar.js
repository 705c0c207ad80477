// What pages do beyond links and forms. No handler stands in the HTML: everything is delegated from here.
(() => {
  "use strict";
  const root = document.documentElement;
  const byId = (id) => document.getElementById(id);
  root.classList.add("scripted");

  // Toasts: answers carry them in HX-Trigger, the first page after a redirect has its own in the HTML.
  const TOAST_STAYS_MS = 7000;
  function toast(text, tone) {
    const place = byId("toasts");
    const line = document.createElement("div");
    line.className = "toast-line";
    line.dataset.tone = tone;
    const words = document.createElement("span");
    words.textContent = text;
    const close = document.createElement("button");
    close.type = "button";
    close.className = "btn-close";
    close.dataset.dismiss = "";
    close.setAttribute("aria-label", place.dataset.close);
    line.append(words, close);
    place.append(line);
    leaveLater(line);
  }
  // A refusal stays until it is closed: it may hold what to do next.
  function leaveLater(line) {
    if (line.dataset.tone !== "bad") setTimeout(() => line.remove(), TOAST_STAYS_MS);
  }
  document.querySelectorAll(".toast-line").forEach(leaveLater);
  document.addEventListener("toast", (event) => toast(event.detail.text, event.detail.tone));
  for (const failure of ["htmx:sendError", "htmx:timeout"]) {
    document.addEventListener(failure, () => toast(byId("toasts").dataset.broken, "bad"));
  }
  document.addEventListener("htmx:responseError", (event) => {
    if (!event.detail.xhr.getResponseHeader("HX-Trigger")) toast(byId("toasts").dataset.broken, "bad");
  });

  // Two answers on their way to one place: the one asked for last is shown, in whatever order they come. An earlier
  // one would replace the place itself, and the later one would have nowhere to go.
  const askedLast = new WeakMap();
  const reads = (detail) => detail.requestConfig.verb === "get";
  document.addEventListener("htmx:beforeRequest", ({ detail }) => {
    if (reads(detail)) askedLast.set(detail.target, detail.xhr);
  });
  document.addEventListener("htmx:beforeSwap", ({ detail }) => {
    const last = askedLast.get(detail.target);
    if (reads(detail) && last && last !== detail.xhr) detail.shouldSwap = false;
  });

  // Copying what stands beside a button. Where there is no clipboard (no https) it is selected, for a press of keys.
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-copies]");
    if (!button) return;
    const place = byId(button.dataset.copies);
    const select = () => window.getSelection().selectAllChildren(place);
    if (!navigator.clipboard) return select();
    navigator.clipboard.writeText(place.textContent).then(() => toast(button.dataset.copied, "good"), select);
  });

  // Questions before an act. In the capture phase, so that htmx and the browser alike wait for the answer.
  const answered = new WeakSet();
  document.addEventListener("submit", (event) => {
    const form = event.target;
    const asking = event.submitter?.closest("[data-confirm]") ?? form.closest("[data-confirm]");
    if (!asking || answered.delete(form)) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    ask(asking.dataset, () => {
      answered.add(form);
      form.requestSubmit(event.submitter);
    });
  }, true);

  // A change that is on its way is not asked for again: the second press of an impatient hand does nothing.
  document.addEventListener("submit", (event) => {
    const form = event.target;
    // An input may be called "method": the attribute tells, not the property.
    if (form.getAttribute("method") !== "post" || event.submitter?.formTarget) return;
    if ("sent" in form.dataset) {
      event.preventDefault();
      event.stopImmediatePropagation();
    } else form.dataset.sent = "";
  }, true);
  const unsent = (form) => delete form.dataset.sent;
  document.addEventListener("htmx:afterRequest", (event) => unsent(event.detail.elt.closest("form") ?? event.detail.elt));
  // The page as it was left comes back from the browser's own store.
  window.addEventListener("pageshow", () => document.querySelectorAll("form[data-sent]").forEach(unsent));

  function ask(question, whenYes) {
    const dialog = byId("confirm");
    const [title, yes] = [byId("confirm-title"), dialog.querySelector("[value=yes]")];
    title.textContent = question.confirmTitle || title.dataset.default;
    byId("confirm-text").textContent = question.confirm;
    yes.textContent = question.confirmButton || yes.dataset.default;
    dialog.dataset.tone = question.confirmTone || "plain";
    dialog.returnValue = "no";
    dialog.addEventListener("close", () => dialog.returnValue === "yes" && whenYes(), { once: true });
    dialog.showModal();
  }

  document.addEventListener("click", (event) => {
    const on = (selector) => event.target.closest(selector);
    if (on("[data-dismiss]")) on("[data-dismiss]").parentElement.remove();
    if (on("[data-opens]")) byId(on("[data-opens]").dataset.opens).showModal();
    if (on("[data-theme-toggle]")) switchTheme();
    if (event.target.matches("dialog")) event.target.close("no"); // the backdrop
    for (const open of document.querySelectorAll("details[open][data-closes-outside]")) {
      if (!open.contains(event.target)) open.open = false;
    }
  });

  document.addEventListener("keydown", (event) => {
    const open = event.key === "Escape" && document.querySelector("details[open][data-closes-outside]");
    if (!open) return;
    open.open = false;
    open.querySelector("summary").focus();
  });

  function switchTheme() {
    const theme = root.dataset.bsTheme === "dark" ? "light" : "dark";
    root.dataset.bsTheme = theme;
    const secure = location.protocol === "https:" ? "; Secure" : "";
    document.cookie = `bursar_theme=${theme}; Path=/; Max-Age=31536000; SameSite=Lax${secure}`;
  }

  // Keyboard: / searches, ? lists the keys, g and a letter goes somewhere.
  const PLACES = { h: "/", c: "/customers", i: "/invoices", k: "/campaigns" };
  let going = 0;
  document.addEventListener("keydown", (event) => {
    const typing = event.target.closest("input, textarea, select, [contenteditable], dialog");
    if (typing || event.ctrlKey || event.metaKey || event.altKey) return;
    const soonAfterG = event.timeStamp - going < 1500;
    if (event.key === "/" && byId("search")) {
      event.preventDefault();
      byId("search").focus();
    } else if (event.key === "?") {
      byId("shortcuts").showModal();
    } else if (event.key === "g") {
      going = event.timeStamp;
    } else if (soonAfterG && PLACES[event.key] && byId("search")) {
      location.assign(PLACES[event.key]);
    }
  });

  // On a phone the current tab may stand beyond the edge.
  document.querySelector(".tabs [aria-current]")?.scrollIntoView({ inline: "center", block: "nearest" });

  // Files: the zone says what was chosen, the bar how much of it has left.
  document.addEventListener("change", (event) => {
    const zone = event.target.closest("[data-drop]");
    if (!zone || event.target.type !== "file") return;
    zone.querySelector("[data-drop-name]").textContent = [...event.target.files].map((file) => file.name).join(", ");
  });
  for (const [kind, over] of [["dragenter", true], ["dragover", true], ["dragleave", false], ["drop", false]]) {
    document.addEventListener(kind, (event) => {
      event.target.closest?.("[data-drop]")?.classList.toggle("drop-over", over);
    });
  }
  document.addEventListener("htmx:xhr:progress", (event) => {
    const bar = event.target.querySelector("[data-upload-progress]");
    if (!bar || !event.detail.lengthComputable) return;
    bar.hidden = false;
    bar.value = (100 * event.detail.loaded) / event.detail.total;
  });

  // Templates: a merge tag goes where the cursor stood last; the preview follows what is typed.
  let lastTyped = null;
  document.addEventListener("focusin", (event) => {
    if (event.target.matches("form textarea, form input[type=text]")) lastTyped = event.target;
  });
  document.addEventListener("input", (event) => {
    const list = event.target.dataset.filters && byId(event.target.dataset.filters);
    if (!list) return;
    const wanted = event.target.value.trim().toLowerCase();
    for (const line of list.children) line.hidden = !line.textContent.toLowerCase().includes(wanted);
  });
  document.addEventListener("click", (event) => {
    const tag = event.target.closest("[data-inserts]");
    if (!tag) return;
    const form = byId(tag.dataset.into);
    const field = form.contains(lastTyped) ? lastTyped : form.querySelector("textarea, input[type=text], input:not([type])");
    if (!field) return;
    field.focus();
    field.setRangeText(tag.dataset.inserts, field.selectionStart, field.selectionEnd, "end");
    field.dispatchEvent(new Event("input", { bubbles: true }));
  });
  let previewing = 0;
  const preview = (editor) => {
    const button = editor.querySelector("[data-preview]");
    button.form.requestSubmit(button);
  };
  document.addEventListener("input", (event) => {
    const editor = event.target.closest("[data-live-preview]");
    if (!editor || !event.target.form?.contains(editor.querySelector("[data-preview]"))) return;
    clearTimeout(previewing);
    previewing = setTimeout(preview, 600, editor);
  });
  document.querySelectorAll("[data-live-preview]").forEach(preview);
  document.addEventListener("htmx:afterSettle", (event) => {
    const editor = event.target.id === "blocks" && event.target.closest("[data-live-preview]");
    if (!editor) return;
    preview(editor);
    document.body.dispatchEvent(new Event("blocks"));
  });

  // What went on by itself is through: its page has more to say than its progress had.
  document.addEventListener("htmx:sseMessage", () => {
    const through = document.querySelector("[data-follow]");
    if (through) location.replace(through.href);
  });

  // A form that came back refused: the first field to put right has the cursor.
  document.addEventListener("htmx:afterSettle", (event) => {
    event.target.querySelector?.("[aria-invalid=true]")?.focus();
  });
})();
