-- A small shop as it is today: cities are written again with each customer, and orders may belong to nobody.
create table customers (id bigint generated always as identity primary key, name text not null, city text);
create table orders (id bigint generated always as identity primary key, customer_id bigint, placed_on date not null);
insert into customers (name, city)
select 'customer ' || n, (array['Kiel', 'Lübeck', 'Husum', null])[1 + n % 4] from generate_series(1, 1000) as n;
insert into orders (customer_id, placed_on)
select 1 + n % 1000, date '2030-01-01' + n % 365 from generate_series(1, 5000) as n;
alter table customers enable row level security;
alter table orders enable row level security;
create policy of_the_shop on customers to current_user using (name <> '');
create policy of_the_shop on orders to current_user using (placed_on is not null);
