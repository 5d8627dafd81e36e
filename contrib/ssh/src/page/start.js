// Loads the page where it can work: without a secure context, browsers have no cryptography to load.

if (isSecureContext) {
    await import('./app.js');
} else {
    const problem = document.getElementById('problem');
    problem.textContent = 'This page needs a secure context: open it over https, or on this machine as http://localhost. ' +
        'Browsers give pages that came over plain http no cryptography.';
    problem.hidden = false;
}
