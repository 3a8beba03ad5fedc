"use strict";
/* Buttons that copy what stands beside them; without this script the text can be selected. */
for (const button of document.querySelectorAll("[data-copies]")) {
  button.hidden = false;
  button.addEventListener("click", async () => {
    const source = document.getElementById(button.dataset.copies);
    try {
      await navigator.clipboard.writeText(source.textContent);
      document.getElementById("done").textContent = button.dataset.done;
    } catch {
      // No permission, or no TLS: the text is selected, so that the keyboard's own copy does it.
      getSelection().selectAllChildren(source);
      document.getElementById("done").textContent = button.dataset.failed;
    }
  });
}
