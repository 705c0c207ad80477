-- Which of the tokens that a payment link had is the one that opens it: a reissue counts one up.

alter table payment_links
    add column issue integer default 1 not null,
    add constraint payment_links_issue_check check (issue > 0);
