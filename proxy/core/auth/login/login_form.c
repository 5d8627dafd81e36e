#include "core/auth/login/login_form.h"

bool login_form_read(struct login_form *form, struct slice body)
{
    form->fields[LOGIN_FORM_USER] = (struct form_field){
        .name = SLICE("user"), .out = form->user, .capacity = sizeof(form->user)};
    form->fields[LOGIN_FORM_PASSWORD] = (struct form_field){
        .name = SLICE("password"), .out = form->password, .capacity = sizeof(form->password)};
    form->fields[LOGIN_FORM_PAGE] = (struct form_field){
        .name = SLICE("page"), .out = form->page, .capacity = sizeof(form->page)};
    form->fields[LOGIN_FORM_EVERYWHERE] = (struct form_field){
        .name = SLICE("everywhere"), .out = form->everywhere, .capacity = sizeof(form->everywhere)};
    return form_read(body, form->fields, LOGIN_FORM_FIELDS);
}
