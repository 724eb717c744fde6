-- What only PostgreSQL 18 has.
set search_path = "Shop";
alter table "Customers" add constraint named not null "Full Name" not valid;
alter table orders add constraint orders_customer foreign key (customer) references "Customers" not valid;
create table soft (id int);
insert into soft values (-1);
alter table soft add constraint not_enforced check (id > 0) not enforced;
create table rooms (room int4range, during daterange, primary key (room, during without overlaps));
create table stays (id int primary key, room int4range, during daterange);
insert into rooms values ('[1,2)', '[2020-01-01,2020-02-01)'), ('[1,2)', '[2020-02-01,2020-03-01)');
insert into stays values (1, '[1,2)', '[2020-01-10,2020-02-10)'), (2, '[1,2)', '[2020-02-10,2020-04-01)'),
    (3, '[2,3)', '[2020-01-01,2020-01-02)'), (4, null, '[2020-01-01,2020-01-02)');
alter table stays add constraint a_stay foreign key (room, period during) references rooms (room, period during) not valid;
