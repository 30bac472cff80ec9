// A button beside each command that copies it. The page does all else without.
for (const code of document.querySelectorAll("code.cmd")) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "copy";
  button.textContent = "copy";
  const select = () => {
    const range = document.createRange();
    range.selectNodeContents(code);
    const selection = window.getSelection();
    selection.removeAllRanges();
    selection.addRange(range);
  };
  const tell = (copied) => {
    button.textContent = copied ? "copied" : "selected: press Ctrl-C";
    setTimeout(() => { button.textContent = "copy"; }, 2000);
  };
  button.addEventListener("click", () => {
    select();
    const old = () => tell(document.execCommand("copy"));
    if (navigator.clipboard) navigator.clipboard.writeText(code.textContent).then(() => tell(true), old);
    else old();
  });
  code.closest("pre").previousElementSibling.append(" ", button);
}
