-- The statement that counts the keys which $1 gives and $2 does not; nulls are keys like any other.
select format('select count(*) as keys from (%s except %s) as missing', $1::text, $2::text) as statement
