-- A sequence leaves in peace what is being paid by card.

alter table sequence_exclusions
    drop constraint sequence_exclusions_reason_check,
    add constraint sequence_exclusions_reason_check check (reason in (
        'promise', 'dispute', 'processing', 'replied', 'chase_paused', 'chase_stopped', 'excluded', 'customer_suspended',
        'no_address', 'unsubscribed', 'hard_bounce', 'complaint', 'suppressed', 'too_soon', 'recent_campaign'));
