-- Templates are written in blocks too, have a line that mailboxes show beside the subject, and come from other systems.

alter table template_versions
    add column preheader text not null default '',
    drop constraint template_versions_body_format_check,
    add constraint template_versions_body_format_check check (body_format in ('html', 'text', 'blocks'));
-- Each language has at most one draft.
create unique index template_versions_draft_key on template_versions (tenant_id, template_id, locale)
    where published_at is null;

-- Of two usual ones of a kind nobody could say which a notice takes: the older keeps its place.
alter table templates no force row level security;
update templates
    set is_default = false
    from templates as older
    where older.tenant_id = templates.tenant_id and older.channel = templates.channel
        and older.category = templates.category and older.is_default and templates.is_default
        and older.id < templates.id;
-- The library speaks of what a message is for. A code that a firm has taken for itself stays theirs.
update templates
    set code = renamed.now
    from (values
        ('invoice_reminder', 'before_due'),
        ('overdue_notice_1', 'overdue_gentle'),
        ('overdue_notice_2', 'overdue_firm'),
        ('overdue_notice_3', 'overdue_serious')
    ) as renamed (before, now)
    where templates.code = renamed.before and templates.source = 'system'
        and not exists (
            select from templates as taken
            where taken.tenant_id = templates.tenant_id and taken.code = renamed.now
        );
alter table templates force row level security;
create unique index templates_default_key on templates (tenant_id, channel, category) where is_default;

alter table import_runs
    drop constraint import_runs_kind_check,
    add constraint import_runs_kind_check check (kind in (
        'customers', 'contacts', 'invoices', 'payments', 'products', 'prices', 'units', 'bank_lines', 'templates'
    ));
