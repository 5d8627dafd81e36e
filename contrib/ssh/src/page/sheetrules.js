// <sheet-rules>: the rules in its text are in use while it is in the page, as with <style>, but as a style sheet of the script,
// which a Content-Security-Policy without 'unsafe-inline' allows. The build lets xterm.js use it.

class SheetRules extends HTMLElement {
    #sheet = new CSSStyleSheet();

    set textContent(rules) {
        this.#sheet.replaceSync(rules);
    }

    connectedCallback() {
        document.adoptedStyleSheets.push(this.#sheet);
    }

    disconnectedCallback() {
        document.adoptedStyleSheets = document.adoptedStyleSheets.filter((one) => one !== this.#sheet);
    }
}

customElements.define('sheet-rules', SheetRules);
