-- Every venture's id.
select venture_id from holdfast.ventures order by venture_id
