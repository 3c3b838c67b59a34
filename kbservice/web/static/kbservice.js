// Behaviour that HTML cannot state: typing events that respect input methods, and one hotkey.

// An input method fires "input" for every half-typed pinyin; ask only for finished text.
let composing = false;
document.addEventListener("compositionstart", () => { composing = true; });
document.addEventListener("compositionend", (event) => {
  composing = false;
  announce(event.target);
});
document.addEventListener("input", (event) => {
  if (!composing && !event.isComposing) announce(event.target);
});

function announce(element) {
  const field = completing(element);
  if (field) field.dispatchEvent(new CustomEvent("kb:typed"));
  const form = element.closest && element.closest("form[data-typed]");
  if (!form) return;
  const words = form.elements.title.value + form.elements.body.value;
  const isEnough = /[\u3400-\u9fff]{2}/.test(words) || /[A-Za-z0-9]{3}/.test(words);
  if (isEnough) form.dispatchEvent(new CustomEvent("kb:typed"));
}

// The Enter that confirms a candidate must not submit (some input methods end composition first).
let composedAt = 0;
document.addEventListener("compositionend", () => { composedAt = Date.now(); });
document.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.isComposing || event.keyCode === 229 || Date.now() - composedAt < 30)) {
    event.preventDefault();
    return;
  }
  const isTyping = event.target.closest("input, textarea, select");
  const target = document.querySelector("[data-hotkey='/']");
  if (event.key === "/" && !isTyping && target) {
    event.preventDefault();
    target.focus();
  }
}, true);

// A form driven by htmx still submits as a plain form when its button is pressed.
document.addEventListener("DOMContentLoaded", () => {
  const form = document.querySelector("form[data-typed]");
  if (form && (form.elements.title.value || form.elements.body.value)) {
    form.dispatchEvent(new CustomEvent("kb:typed-now"));
  }
});

// An answer that was typed but not added goes along with the ticket.
document.addEventListener("formdata", (event) => {
  const question = document.querySelector("form[data-question]");
  if (!question || !event.target.matches("form[data-typed]")) return;
  for (const name of ["asked", "answer"]) {
    if (!event.formData.has(name)) event.formData.append(name, question.elements[name].value);
  }
});

// The search field offers completions: an input and a listbox, as the ARIA combobox pattern has it.
function completing(element) {
  return element && element.closest ? element.closest("input[role='combobox']") : null;
}

function listOf(input) {
  return document.getElementById(input.getAttribute("aria-controls"));
}

function showOptions(input, isOpen) {
  const list = listOf(input);
  const isShown = isOpen && list.children.length > 0;
  list.hidden = !isShown;
  input.setAttribute("aria-expanded", String(isShown));
  if (!isShown) select(input, null);
}

function select(input, option) {
  for (const other of listOf(input).children) other.setAttribute("aria-selected", String(other === option));
  if (option) input.setAttribute("aria-activedescendant", option.id);
  else input.removeAttribute("aria-activedescendant");
}

function choose(input, option) {
  input.value = option.dataset.text;
  showOptions(input, false);
  input.form.requestSubmit();
}

function step(input, direction) {
  const options = [...listOf(input).children];
  const at = options.findIndex((option) => option.getAttribute("aria-selected") === "true");
  const next = at + direction;
  select(input, options[next < -1 ? options.length - 1 : next] || null);
}

document.addEventListener("keydown", (event) => {
  const input = completing(event.target);
  if (!input || event.isComposing || event.keyCode === 229 || listOf(input).hidden) return;
  const chosen = listOf(input).querySelector("[aria-selected='true']");
  if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    event.preventDefault();
    step(input, event.key === "ArrowDown" ? 1 : -1);
  } else if (event.key === "Escape") {
    event.preventDefault();
    showOptions(input, false);
  } else if (event.key === "Enter" && chosen && !event.defaultPrevented) {
    event.preventDefault();
    choose(input, chosen);
  }
});
// Before the field loses its focus, or the list would be gone when the click arrives.
document.addEventListener("mousedown", (event) => {
  const option = event.target.closest("[role='listbox'] > [role='option']");
  if (!option) return;
  event.preventDefault();
  choose(document.querySelector(`[aria-controls='${option.parentElement.id}']`), option);
});
document.addEventListener("focusout", (event) => {
  const input = completing(event.target);
  if (input) showOptions(input, false);
});
document.addEventListener("htmx:afterSwap", (event) => {
  const input = document.querySelector(`input[role='combobox'][aria-controls='${event.target.id}']`);
  if (input) showOptions(input, document.activeElement === input);
});

// A search that another page answers (signed out meanwhile, refused) is shown as that page.
function followAsPage(event) {
  const { boosted, xhr, target, pathInfo } = event.detail;
  if (!boosted || !target || target.id !== "search") return;
  if (xhr.status === 200 && xhr.responseText.includes('id="search"')) return;
  event.preventDefault();
  window.location.assign(pathInfo.finalRequestPath);
}
document.addEventListener("htmx:beforeSwap", followAsPage);
document.addEventListener("htmx:sendError", followAsPage);
