// Small conveniences. Every page works without this file.

// Shows what only works with it.
document.documentElement.classList.add("scripted");

// Copies the text of the element that a button names, and says so in the button.
document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).textContent.trim());
  const words = button.textContent;
  button.textContent = "Copied";
  setTimeout(() => { button.textContent = words; }, 2000);
});

// Shows a password while its box is ticked.
document.addEventListener("change", (event) => {
  const box = event.target.closest("[data-shows]");
  if (!box) return;
  for (const id of box.dataset.shows.split(" ")) document.getElementById(id).type = box.checked ? "text" : "password";
});
