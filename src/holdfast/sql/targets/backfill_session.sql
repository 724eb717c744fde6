-- The same values have to be the same text on both sides, whatever the two servers are set to.
select set_config('timezone', 'UTC', true), set_config('datestyle', 'ISO, YMD', true), set_config('intervalstyle', 'iso_8601', true),
    set_config('extra_float_digits', '3', true), set_config('bytea_output', 'hex', true), set_config('xmloption', 'content', true)
