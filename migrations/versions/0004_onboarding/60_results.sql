-- Which message money came after is known the moment it is recorded: by then, and by the end of the day it came.

alter table payments add column recorded_at timestamptz default now() not null;

-- Both are counted again from rows; a promise's message is told with what it is counted by, so that nobody reads it.
truncate collection_rollups, collection_marks, promise_sends;
alter table collection_marks drop column counted_on;
alter table promise_sends
    add column purpose text not null,
    add column run_id uuid,
    add column template_id uuid,
    add column sending_account_id uuid,
    add constraint promise_sends_purpose_check check (purpose in (
        'campaign', 'chase', 'notice', 'welcome', 'payment_link', 'payment_reminder', 'dossier_reminder',
        'review_request', 'notification', 'message', 'reply', 'statement', 'sign_in', 'webhook', 'test'
    ));
