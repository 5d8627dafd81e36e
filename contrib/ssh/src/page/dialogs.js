// Questions to the user: one modal dialog, one question at a time. The texts may come from a server: they are shown as text.

const $ = (id) => document.getElementById(id);
const dialog = $('question');
let turn = Promise.resolve();

function field(prompt, number) {
    const box = document.createElement('div'), label = document.createElement('label'), input = document.createElement('input');
    box.className = 'field';
    input.id = label.htmlFor = `answer-${number}`;
    label.textContent = prompt.label;
    Object.assign(input, { type: prompt.echo ? 'text' : 'password', autocomplete: 'off', autocapitalize: 'none', spellcheck: false, maxLength: 4096 });
    box.append(label, input);
    return box;
}

function show({ title, text = '', details = '', advice = '', prompts = [], yes = 'OK', no = 'Cancel', bad = false, signal }) {
    $('question-title').textContent = title;
    for (const [id, words] of [['question-text', text], ['question-details', details], ['question-advice', advice]]) {
        $(id).textContent = words;
        $(id).hidden = !words;
    }
    $('question-fields').replaceChildren(...prompts.map(field));
    $('question-yes').textContent = yes;
    $('question-yes').hidden = !yes;
    $('question-no').textContent = no;
    dialog.classList.toggle('bad', bad);
    dialog.returnValue = '';
    dialog.showModal();
    // A question about trust must not be answered by an Enter that was meant for something else.
    ($('question-fields').querySelector('input') ?? $('question-no')).focus();
    return new Promise((resolve) => {
        const leave = () => dialog.close('');
        const closed = () => {
            signal?.removeEventListener('abort', leave);
            const values = [...$('question-fields').querySelectorAll('input')].map((input) => input.value);
            $('question-fields').replaceChildren();
            resolve(dialog.returnValue === 'yes' ? values : null);
        };
        signal?.addEventListener('abort', leave);
        dialog.addEventListener('close', closed, { once: true });
    });
}

/**
 * Asks; the answers to `prompts` ([{label, echo}]) in their order, or null if the user declines or `signal` aborts.
 * Without prompts: [] for yes.
 */
export function ask(question) {
    const answer = turn.then(() => question.signal?.aborted ? null : show(question));
    turn = answer.catch(() => {});
    return answer;
}

$('question-no').addEventListener('click', () => dialog.close(''));
