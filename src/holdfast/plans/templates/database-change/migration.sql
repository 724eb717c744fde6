-- Cities get a table of their own, and orders belong to customers.
create table cities (id bigint generated always as identity primary key, name text not null unique);
alter table cities enable row level security;
create policy of_the_shop on cities to current_user using (name <> '');

alter table customers add column city_id bigint;
insert into cities (name) select distinct city from customers where city is not null order by city;
update customers set city_id = cities.id from cities where cities.name = customers.city;

alter table customers add constraint customers_city_id_fkey foreign key (city_id) references cities not valid;
alter table orders add constraint orders_customer_id_fkey foreign key (customer_id) references customers not valid;
create index concurrently customers_city_id on customers (city_id);
create index concurrently orders_customer_id on orders (customer_id);

-- What the copy says in the words of its source: holdfast verify backfill compares the two.
create view cities_of_customers with (security_invoker = true) as
select customers.id, cities.name as city from customers left join cities on cities.id = customers.city_id;
