-- A schema with constraints of every kind that are not validated, and rows that break them.
create schema "Shop";
set search_path = "Shop";

create table "Customers" (
    id int primary key, "Full Name" text, born date,
    age int generated always as (2030 - extract(year from born)::int) stored
);
insert into "Customers" values (1, 'Ann', '2000-01-01'), (2, null, '1990-01-01'), (3, 'Cy', '1890-01-01'), (4, 'Di', null);
alter table "Customers" add constraint "Old ""age""" check (age < 120) not valid;
alter table "Customers" add constraint whole_row check ("Customers".* is not null) not valid;
alter table "Customers" add constraint kept check (id > 0) not valid;

create table orders (id int, at date, customer int, part int) partition by range (at);
create table orders_a partition of orders for values from ('2020-01-01') to ('2025-01-01');
create table orders_b partition of orders for values from ('2025-01-01') to ('2030-01-01');
insert into orders values (1, '2021-01-01', 1, 1), (2, '2022-01-01', 9, 1), (3, '2026-01-01', 8, null), (4, '2026-01-01', null, 3);
alter table orders_b add constraint of_a_partition foreign key (customer) references "Customers" not valid;
alter table orders add constraint part_small check (part < 3) not valid;

create table pairs (a int, b int, primary key (a, b));
insert into pairs values (1, 1);
create table points (x int, y int);
insert into points values (1, 1), (null, null), (1, null), (2, 2);
alter table points add constraint match_full foreign key (x, y) references pairs match full not valid;
alter table points add constraint match_simple foreign key (x, y) references pairs not valid;

create domain positive as int;
create domain tight as positive;
create table measures (value positive, second tight);
insert into measures values (1, -1), (-1, 2), (null, -3);
alter domain positive add constraint positive_only check (value > 0) not valid;

create table parent (id int);
create table child () inherits (parent);
insert into child values (-5), (5);
insert into parent values (-1);
alter table parent add constraint with_children check (id > 0) not valid;
alter table parent add constraint own_rows check (id > 0) no inherit not valid;
alter table parent add constraint parent_pair foreign key (id) references "Customers" not valid;
