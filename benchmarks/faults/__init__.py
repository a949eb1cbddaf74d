"""Faults: what each trigger makes of a service that fails while its job runs well."""
