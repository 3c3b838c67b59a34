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
