#include <histedit.h>
#include <locale.h>
#include <stdio.h>
#include <wchar.h>

/* The functions of libedit are variadic, which Swift does not import; each use that the prompt makes of them has its own name here.
   Text goes through the wide API, so that any UTF-8 character counts as one. */

typedef wchar_t *(*skullstrip_prompt)(EditLine *);
typedef unsigned char (*skullstrip_key)(EditLine *, wint_t);

static inline EditLine *skullstrip_el_init(const char *program) { return el_init(program, stdin, stdout, stderr); }
/* The prompt; parts between two \1 characters take no room (colours). */
static inline void skullstrip_el_prompt(EditLine *e, skullstrip_prompt f) { el_wset(e, EL_PROMPT_ESC, f, L'\1'); }
static inline void skullstrip_el_emacs(EditLine *e) { el_wset(e, EL_EDITOR, L"emacs"); }
static inline void skullstrip_el_signals(EditLine *e, int on) { el_wset(e, EL_SIGNAL, on); }
static inline void skullstrip_el_history(EditLine *e, HistoryW *h) { el_wset(e, EL_HIST, history_w, h); }
static inline void skullstrip_el_add(EditLine *e, const wchar_t *name, const wchar_t *help, skullstrip_key f) {
    el_wset(e, EL_ADDFN, name, help, f);
}
static inline void skullstrip_el_bind(EditLine *e, const wchar_t *key, const wchar_t *command) {
    el_wset(e, EL_BIND, key, command, (wchar_t *)NULL);
}
/* Ctrl-C, Ctrl-Z and Ctrl-\, and Ctrl-S and Ctrl-Q, arrive as keys while a line is edited. */
static inline void skullstrip_el_keys_not_signals(EditLine *e) {
    el_wset(e, EL_SETTY, L"-d", L"-isig", L"-ixon", (wchar_t *)NULL);
}
static inline void skullstrip_el_reader(EditLine *e, el_rfunc_t f) { el_wset(e, EL_GETCFN, f); }
static inline void skullstrip_el_data(EditLine *e, void *p) { el_wset(e, EL_CLIENTDATA, p); }
static inline void *skullstrip_el_get_data(EditLine *e) {
    void *p = NULL;
    el_wget(e, EL_CLIENTDATA, &p);
    return p;
}
static inline void skullstrip_el_terminal(EditLine *e, int prepared) { el_wset(e, EL_PREP_TERM, prepared); }
static inline void skullstrip_el_refresh(EditLine *e) { el_wset(e, EL_REFRESH); }

static inline void skullstrip_history_size(HistoryW *h, int size) {
    HistEventW event;
    history_w(h, &event, H_SETSIZE, size);
}
static inline void skullstrip_history_unique(HistoryW *h) {
    HistEventW event;
    history_w(h, &event, H_SETUNIQUE, 1);
}
static inline void skullstrip_history_enter(HistoryW *h, const wchar_t *line) {
    HistEventW event;
    history_w(h, &event, H_ENTER, line);
}
