"""Temporary: helper-3 replaces this file."""
def join(*a, **k): raise NotImplementedError
def keep(*a): raise NotImplementedError
def release(*a): raise NotImplementedError
def is_running(*a): raise NotImplementedError
def default_data_dir(*a): raise NotImplementedError
